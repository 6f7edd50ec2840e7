REVOKE DELETE ON identity.idempotency_keys, identity.outbox FROM robo_system;
DROP POLICY sweep ON identity.outbox;
DROP INDEX identity.outbox_published;
DROP POLICY sweep ON identity.idempotency_keys;
ALTER TABLE identity.idempotency_keys
    ALTER COLUMN response TYPE jsonb, DROP CONSTRAINT idempotency_keys_pkey, DROP COLUMN principal;
ALTER TABLE identity.idempotency_keys ADD PRIMARY KEY (tenant_id, operation, key);
DROP TABLE identity.api_keys, identity.team_members, identity.teams, identity.revoked_tokens, identity.refresh_tokens,
    identity.sessions, identity.one_time_tokens, identity.invitations, identity.users;
DROP POLICY named ON identity.tenants;
ALTER TABLE identity.tenants DROP COLUMN slug;
