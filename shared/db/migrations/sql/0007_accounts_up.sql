-- People and programs that come in: users, invitations, sessions, teams, API keys. No secret is kept: what a token says
-- is signed or hashed.

-- A tenant is seen from within, or by whoever can name it (SET LOCAL app.tenant_slug): that is how a login finds it.
ALTER TABLE identity.tenants
    ADD COLUMN slug text NOT NULL DEFAULT uuidv7()::text UNIQUE
        CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) BETWEEN 2 AND 63);
CREATE POLICY named ON identity.tenants FOR SELECT TO robo_app
    USING (slug = nullif(current_setting('app.tenant_slug', true), ''));

CREATE TABLE identity.users (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    username text NOT NULL CHECK (length(username) BETWEEN 1 AND 100),
    password_hash text NOT NULL CHECK (length(password_hash) BETWEEN 1 AND 255),
    role text NOT NULL DEFAULT 'developer' CHECK (role IN ('admin', 'developer', 'viewer')),
    is_active boolean NOT NULL DEFAULT true,
    email_verified_at timestamptz,
    last_login_at timestamptz,
    -- Raised by whatever makes older access tokens worthless: another role, another password, deactivation.
    token_version integer NOT NULL DEFAULT 1 CHECK (token_version >= 1),
    preferences jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    deleted_at timestamptz CHECK (deleted_at IS NULL OR NOT is_active),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CALL kernel.protect('identity.users');
CREATE UNIQUE INDEX users_email ON identity.users (tenant_id, lower(email));
CREATE UNIQUE INDEX users_username ON identity.users (tenant_id, lower(username));

CREATE TABLE identity.invitations (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    role text NOT NULL CHECK (role IN ('admin', 'developer', 'viewer')),
    invited_by uuid,
    user_id uuid,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'accepted', 'revoked')),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, invited_by) REFERENCES identity.users (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id),
    CHECK ((status = 'accepted') = (user_id IS NOT NULL))
);
CALL kernel.protect('identity.invitations');
CREATE UNIQUE INDEX invitations_pending ON identity.invitations (tenant_id, lower(email)) WHERE status = 'pending';
CREATE INDEX invitations_invited_by ON identity.invitations (tenant_id, invited_by);
CREATE INDEX invitations_user ON identity.invitations (tenant_id, user_id);

-- What a link in a mail may do once: confirm an address, set a new password.
CREATE TABLE identity.one_time_tokens (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    user_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id)
);
CALL kernel.protect('identity.one_time_tokens');
CREATE INDEX one_time_tokens_user ON identity.one_time_tokens (tenant_id, user_id);

CREATE TABLE identity.sessions (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    user_id uuid NOT NULL,
    ip_address text NOT NULL CHECK (length(ip_address) BETWEEN 1 AND 64),
    user_agent text NOT NULL CHECK (length(user_agent) <= 300),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_because text CHECK (revoked_because IN
        ('logout', 'logout_everywhere', 'password_changed', 'user_deactivated', 'user_deleted', 'refresh_reused')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id),
    CHECK ((revoked_at IS NULL) = (revoked_because IS NULL))
);
CALL kernel.protect('identity.sessions');
CREATE INDEX sessions_user ON identity.sessions (tenant_id, user_id, id);

-- A session's refresh tokens are one chain: each is followed by one other. The token itself is derived from its id.
CREATE TABLE identity.refresh_tokens (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    session_id uuid NOT NULL,
    successor_id uuid,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES identity.sessions (tenant_id, id),
    CHECK ((used_at IS NULL) = (successor_id IS NULL))
);
CALL kernel.protect('identity.refresh_tokens');
CREATE INDEX refresh_tokens_session ON identity.refresh_tokens (tenant_id, session_id);

-- Access tokens that ended before their time, by jti.
CREATE TABLE identity.revoked_tokens (
    jti uuid NOT NULL,
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, jti)
);
CALL kernel.protect('identity.revoked_tokens');

CREATE TABLE identity.teams (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 1000),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CALL kernel.protect('identity.teams');
CREATE UNIQUE INDEX teams_name ON identity.teams (tenant_id, lower(name));

CREATE TABLE identity.team_members (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('lead', 'member')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, team_id, user_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES identity.teams (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id)
);
CALL kernel.protect('identity.team_members');
CREATE INDEX team_members_user ON identity.team_members (tenant_id, user_id);

-- key_hash: SHA-256 of a secret of 256 random bits; there is nothing to guess, so nothing to slow down.
CREATE TABLE identity.api_keys (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    user_id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    prefix text NOT NULL CHECK (prefix LIKE 'sk-%' AND length(prefix) BETWEEN 10 AND 40),
    key_hash bytea NOT NULL CHECK (length(key_hash) = 32),
    scopes text[] NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    successor_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, prefix),
    FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id),
    FOREIGN KEY (tenant_id, successor_id) REFERENCES identity.api_keys (tenant_id, id)
);
CALL kernel.protect('identity.api_keys');
CREATE INDEX api_keys_user ON identity.api_keys (tenant_id, user_id);
CREATE INDEX api_keys_successor ON identity.api_keys (tenant_id, successor_id);

-- A key belongs to whoever sent it: two people of a tenant may choose the same.
ALTER TABLE identity.idempotency_keys
    ADD COLUMN principal text NOT NULL DEFAULT '' CHECK (length(principal) <= 100),
    -- The same answer once more, to the letter: jsonb would put its fields in another order, and its ETag would differ.
    ALTER COLUMN response TYPE json,
    DROP CONSTRAINT idempotency_keys_pkey,
    ADD PRIMARY KEY (tenant_id, principal, operation, key);

-- The sweep deletes what has run out; these policies say what that is, so its statements need no condition.
GRANT DELETE ON identity.idempotency_keys, identity.revoked_tokens, identity.one_time_tokens,
    identity.refresh_tokens, identity.sessions, identity.outbox TO robo_system;
CREATE POLICY sweep ON identity.idempotency_keys FOR DELETE TO robo_system
    USING (created_at < now() - interval '24 hours');
-- Events hold addresses of people. The bus keeps them for seven days more; what was never published stays. Restrictive,
-- since the relay's policy lets the system see and mark every row.
CREATE POLICY sweep ON identity.outbox AS RESTRICTIVE FOR DELETE TO robo_system
    USING (published_at < now() - interval '7 days');
CREATE INDEX outbox_published ON identity.outbox (published_at) WHERE published_at IS NOT NULL;
CREATE POLICY sweep ON identity.revoked_tokens FOR DELETE TO robo_system USING (expires_at < now());
CREATE POLICY sweep ON identity.one_time_tokens FOR DELETE TO robo_system
    USING (expires_at < now() - interval '30 days');
-- Sessions end within 24 hours and are listed for 30 days more; their tokens go a little earlier.
CREATE POLICY sweep ON identity.refresh_tokens FOR DELETE TO robo_system
    USING (created_at < now() - interval '31 days');
CREATE POLICY sweep ON identity.sessions FOR DELETE TO robo_system
    USING (created_at < now() - interval '33 days');
