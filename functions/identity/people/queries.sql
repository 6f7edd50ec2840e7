-- get_user --
-- A user who has not been deleted.
SELECT id, tenant_id, email, username, role, is_active, email_verified_at, last_login_at, preferences, created_at,
    updated_at
FROM identity.users
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND deleted_at IS NULL;

-- lock_user --
-- The same, for whoever is about to change it.
SELECT id, tenant_id, email, username, role, is_active, email_verified_at, last_login_at, preferences, created_at,
    updated_at
FROM identity.users
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND deleted_at IS NULL
FOR UPDATE;

-- share_user --
-- Whether a user is there, who then is not deleted before this transaction ends.
SELECT id FROM identity.users
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND deleted_at IS NULL
FOR SHARE;

-- list_users --
-- A page of the users, newest first.
SELECT id, tenant_id, email, username, role, is_active, email_verified_at, last_login_at, preferences, created_at,
    updated_at
FROM identity.users
WHERE tenant_id = %(tenant_id)s AND deleted_at IS NULL
    AND (%(role)s::text IS NULL OR role = %(role)s)
    AND (%(is_active)s::boolean IS NULL OR is_active = %(is_active)s)
    AND (%(after)s::uuid IS NULL OR id < %(after)s)
ORDER BY id DESC
LIMIT %(limit)s;

-- find_by_email --
-- Who has an address, in any case of letters.
SELECT id, is_active FROM identity.users
WHERE tenant_id = %(tenant_id)s AND lower(email) = lower(%(email)s) AND deleted_at IS NULL;

-- find_by_username --
-- Who has a name, in any case of letters.
SELECT id FROM identity.users
WHERE tenant_id = %(tenant_id)s AND lower(username) = lower(%(username)s);

-- get_password_hash --
-- What a password is checked against.
SELECT password_hash FROM identity.users
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND deleted_at IS NULL;

-- insert_user --
-- Adds a user.
INSERT INTO identity.users (tenant_id, email, username, password_hash, role, email_verified_at)
VALUES (%(tenant_id)s, %(email)s, %(username)s, %(password_hash)s, %(role)s, %(email_verified_at)s)
RETURNING id;

-- any_user --
-- Whether the tenant has, or ever had, a user.
SELECT EXISTS (SELECT FROM identity.users WHERE tenant_id = %(tenant_id)s) AS found;

-- other_admin --
-- Whether somebody else administers the tenant.
SELECT EXISTS (
    SELECT FROM identity.users
    WHERE tenant_id = %(tenant_id)s AND id <> %(id)s AND role = 'admin' AND is_active
) AS found;

-- set_standing --
-- Role and activity of a user; access tokens from before are worth nothing.
UPDATE identity.users
SET role = %(role)s, is_active = %(is_active)s, token_version = token_version + 1
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- set_account --
-- What users change of themselves.
UPDATE identity.users SET username = %(username)s, preferences = %(preferences)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- set_email --
-- The address that was proved.
UPDATE identity.users SET email = %(email)s, email_verified_at = %(now)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- bury_user --
-- What is left of a deleted user: an id without a name, an address or a password.
UPDATE identity.users
SET email = %(email)s, username = %(username)s, password_hash = 'deleted', is_active = false, preferences = '{}',
    metadata = '{}', email_verified_at = NULL, last_login_at = NULL, deleted_at = %(now)s,
    token_version = token_version + 1
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- bury_invitations --
-- The address of a deleted user in the invitation that they accepted.
UPDATE identity.invitations SET email = %(email)s WHERE tenant_id = %(tenant_id)s AND user_id = %(id)s;

-- bury_tokens --
-- The addresses of a deleted user in one-time tokens, which open nothing any more.
UPDATE identity.one_time_tokens SET email = %(email)s, used_at = coalesce(used_at, %(now)s)
WHERE tenant_id = %(tenant_id)s AND user_id = %(id)s;

-- revoke_keys --
-- The API keys of a user, for good.
UPDATE identity.api_keys SET revoked_at = %(now)s
WHERE tenant_id = %(tenant_id)s AND user_id = %(id)s AND revoked_at IS NULL;

-- leave_teams --
-- A user is a member of no team any more.
DELETE FROM identity.team_members WHERE tenant_id = %(tenant_id)s AND user_id = %(id)s;

-- lock_tenant --
-- One at a time decides who administers a tenant; rows that point at it are added meanwhile.
SELECT id FROM identity.tenants WHERE id = %(tenant_id)s FOR NO KEY UPDATE;

-- get_tenant --
-- The tenant of this transaction.
SELECT id, slug, name, status, created_at, updated_at FROM identity.tenants WHERE id = %(tenant_id)s;

-- lock_tenant_to_change --
-- The same, for whoever is about to change it.
SELECT id, slug, name, status, created_at, updated_at FROM identity.tenants WHERE id = %(tenant_id)s
FOR NO KEY UPDATE;

-- set_tenant_name --
-- What a tenant is called.
UPDATE identity.tenants SET name = %(name)s WHERE id = %(tenant_id)s;

-- new_id --
-- An id for a row that must be named before it is there.
SELECT uuidv7() AS id;

-- enter_tenant --
-- The rest of the transaction is another tenant's.
SELECT set_config('app.tenant_id', %(tenant_id)s::text, true);

-- insert_tenant --
-- Adds the tenant of this transaction, unless another has its slug.
INSERT INTO identity.tenants (id, slug, name) VALUES (%(tenant_id)s, %(slug)s, %(name)s)
ON CONFLICT (slug) DO NOTHING
RETURNING id;

-- is_active_tenant --
-- Whether people may come into the tenant of this transaction.
SELECT EXISTS (SELECT FROM identity.tenants WHERE id = %(tenant_id)s AND status = 'active') AS found;

-- insert_invitation --
-- Adds an invitation.
INSERT INTO identity.invitations (tenant_id, email, role, invited_by, expires_at)
VALUES (%(tenant_id)s, %(email)s, %(role)s, %(invited_by)s, %(expires_at)s)
RETURNING id;

-- replace_invitations --
-- An address has one invitation that waits; the one before opens nothing any more.
UPDATE identity.invitations SET status = 'revoked'
WHERE tenant_id = %(tenant_id)s AND lower(email) = lower(%(email)s) AND status = 'pending'
RETURNING id;

-- get_invitation --
-- An invitation as it stands now.
SELECT id, tenant_id, email, role, invited_by, user_id,
    CASE WHEN status = 'pending' AND expires_at <= %(now)s THEN 'expired' ELSE status END AS status,
    expires_at, created_at
FROM identity.invitations
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- lock_invitation --
-- The same, for whoever is about to accept or revoke it.
SELECT id, tenant_id, email, role, invited_by, user_id,
    CASE WHEN status = 'pending' AND expires_at <= %(now)s THEN 'expired' ELSE status END AS status,
    expires_at, created_at
FROM identity.invitations
WHERE tenant_id = %(tenant_id)s AND id = %(id)s
FOR UPDATE;

-- list_invitations --
-- A page of the invitations, newest first.
SELECT * FROM (
    SELECT id, tenant_id, email, role, invited_by, user_id,
        CASE WHEN status = 'pending' AND expires_at <= %(now)s THEN 'expired' ELSE status END AS status,
        expires_at, created_at
    FROM identity.invitations
    WHERE tenant_id = %(tenant_id)s AND (%(after)s::uuid IS NULL OR id < %(after)s)
) AS standing
WHERE %(status)s::text IS NULL OR status = %(status)s
ORDER BY id DESC
LIMIT %(limit)s;

-- accept_invitation --
-- Who came of it.
UPDATE identity.invitations SET status = 'accepted', user_id = %(user_id)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- revoke_invitation --
-- It opens nothing any more.
UPDATE identity.invitations SET status = 'revoked' WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- insert_token --
-- Adds a one-time token, once for an id that is given.
INSERT INTO identity.one_time_tokens (id, tenant_id, user_id, purpose, email, expires_at)
VALUES (coalesce(%(id)s, uuidv7()), %(tenant_id)s, %(user_id)s, %(purpose)s, %(email)s, %(expires_at)s)
ON CONFLICT (tenant_id, id) DO NOTHING
RETURNING id;

-- find_token --
-- A one-time token that still opens something.
SELECT id, user_id, email FROM identity.one_time_tokens
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND purpose = %(purpose)s AND used_at IS NULL
    AND expires_at > %(now)s;

-- lock_token --
-- The same, for whoever is about to use it; who meets it in use waits, and finds it used.
SELECT id, user_id, email FROM identity.one_time_tokens
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND purpose = %(purpose)s AND used_at IS NULL
    AND expires_at > %(now)s
FOR UPDATE;

-- use_tokens --
-- A token is used, and with it those of its user and purpose that are older, or all.
UPDATE identity.one_time_tokens SET used_at = %(now)s
WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND purpose = %(purpose)s AND used_at IS NULL
    AND (id <= %(id)s OR %(newer_too)s);

-- insert_team --
-- Adds a team, unless another has its name.
INSERT INTO identity.teams (tenant_id, name, description) VALUES (%(tenant_id)s, %(name)s, %(description)s)
ON CONFLICT (tenant_id, lower(name)) DO NOTHING
RETURNING id;

-- get_team --
-- A team by its id.
SELECT id, tenant_id, name, description, created_at, updated_at FROM identity.teams
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- lock_team --
-- The same, for whoever is about to change it; members that are added wait.
SELECT id, tenant_id, name, description, created_at, updated_at FROM identity.teams
WHERE tenant_id = %(tenant_id)s AND id = %(id)s
FOR UPDATE;

-- share_team --
-- Whether a team is there, which then is not deleted before this transaction ends.
SELECT id FROM identity.teams WHERE tenant_id = %(tenant_id)s AND id = %(id)s FOR SHARE;

-- list_teams --
-- A page of the teams, newest first.
SELECT id, tenant_id, name, description, created_at, updated_at FROM identity.teams
WHERE tenant_id = %(tenant_id)s AND (%(after)s::uuid IS NULL OR id < %(after)s)
ORDER BY id DESC
LIMIT %(limit)s;

-- find_team_by_name --
-- Which team has a name, in any case of letters.
SELECT id FROM identity.teams WHERE tenant_id = %(tenant_id)s AND lower(name) = lower(%(name)s);

-- set_team --
-- Name and description of a team.
UPDATE identity.teams SET name = %(name)s, description = %(description)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- delete_team --
-- Removes a team that has no members.
DELETE FROM identity.teams WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- delete_members --
-- Removes every member of a team.
DELETE FROM identity.team_members WHERE tenant_id = %(tenant_id)s AND team_id = %(team_id)s;

-- put_member --
-- A user is a member of a team, as what is said last.
INSERT INTO identity.team_members (tenant_id, team_id, user_id, role)
VALUES (%(tenant_id)s, %(team_id)s, %(id)s, %(role)s)
ON CONFLICT (tenant_id, team_id, user_id) DO UPDATE SET role = excluded.role;

-- get_member --
-- A member of a team.
SELECT m.user_id AS id, m.team_id, u.username, m.role, m.created_at, m.updated_at
FROM identity.team_members m
JOIN identity.users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
WHERE m.tenant_id = %(tenant_id)s AND m.team_id = %(team_id)s AND m.user_id = %(id)s;

-- list_members --
-- A page of a team's members, by their ids.
SELECT m.user_id AS id, m.team_id, u.username, m.role, m.created_at, m.updated_at
FROM identity.team_members m
JOIN identity.users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
WHERE m.tenant_id = %(tenant_id)s AND m.team_id = %(team_id)s AND (%(after)s::uuid IS NULL OR m.user_id > %(after)s)
ORDER BY m.user_id
LIMIT %(limit)s;

-- delete_member --
-- A user is a member of a team no more.
DELETE FROM identity.team_members
WHERE tenant_id = %(tenant_id)s AND team_id = %(team_id)s AND user_id = %(id)s;

-- sweep_outbox --
-- Events that were published a while ago; which those are, the policy of the table says, here and below.
DELETE FROM identity.outbox;

-- sweep_idempotency_keys --
-- Answers that nobody can ask for again.
DELETE FROM identity.idempotency_keys;

-- sweep_revoked_tokens --
-- Access tokens that have expired by themselves.
DELETE FROM identity.revoked_tokens;

-- sweep_one_time_tokens --
-- One-time tokens that have long been worth nothing.
DELETE FROM identity.one_time_tokens;

-- sweep_refresh_tokens --
-- Refresh tokens of sessions that ended long ago.
DELETE FROM identity.refresh_tokens;

-- sweep_sessions --
-- Sessions that ended long ago; their refresh tokens have gone before.
DELETE FROM identity.sessions;
