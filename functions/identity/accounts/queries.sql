-- set_tenant_slug --
-- Names the tenant that a login looks for: the one row of tenants that this transaction then sees.
SELECT set_config('app.tenant_slug', %(slug)s, true);

-- find_tenant --
-- The tenant that this transaction names.
SELECT id FROM identity.tenants WHERE slug = %(slug)s AND status = 'active';

-- find_credentials --
-- What a login is compared with.
SELECT id, role, token_version, password_hash, is_active FROM identity.users
WHERE tenant_id = %(tenant_id)s AND lower(email) = lower(%(email)s) AND deleted_at IS NULL;

-- knows_address --
-- Whether a user has logged in from a network before.
SELECT EXISTS (
    SELECT FROM identity.sessions s
    JOIN identity.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
    WHERE s.tenant_id = %(tenant_id)s AND lower(u.email) = lower(%(email)s) AND s.ip_address = %(ip_address)s
) AS known;

-- log_in --
-- Marks a login, with the hash that replaces an old one; nothing when the password was changed a moment ago. Holds the
-- user, so that whoever changes the password ends the session that begins here.
UPDATE identity.users SET last_login_at = %(now)s, password_hash = %(password_hash)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND password_hash = %(seen_hash)s AND is_active
RETURNING token_version;

-- add_session --
-- Adds a session.
INSERT INTO identity.sessions (tenant_id, user_id, ip_address, user_agent, last_seen_at, expires_at, created_at)
VALUES (%(tenant_id)s, %(user_id)s, %(ip_address)s, %(user_agent)s, %(now)s, %(expires_at)s, %(now)s)
RETURNING id;

-- add_refresh_token --
-- Adds a refresh token to the chain of a session.
INSERT INTO identity.refresh_tokens (tenant_id, session_id, created_at)
VALUES (%(tenant_id)s, %(session_id)s, %(now)s)
RETURNING id;

-- lock_family --
-- Holds the session that a refresh token belongs to: one refresh of it at a time.
SELECT s.id FROM identity.sessions s
JOIN identity.refresh_tokens r ON r.tenant_id = s.tenant_id AND r.session_id = s.id
WHERE r.tenant_id = %(tenant_id)s AND r.id = %(id)s
FOR NO KEY UPDATE OF s;

-- get_refresh_token --
-- A refresh token, its successor, and whether its session, user and tenant still stand.
SELECT r.id, r.used_at, r.successor_id, coalesce(n.used_at IS NOT NULL, false) AS successor_used,
    s.id AS session_id, s.user_id, s.expires_at, u.role, u.token_version,
    s.revoked_at IS NULL AND s.expires_at > %(now)s AND s.last_seen_at > %(idle_since)s
        AND u.is_active AND u.deleted_at IS NULL AND t.status = 'active' AS lives
FROM identity.refresh_tokens r
JOIN identity.sessions s ON s.tenant_id = r.tenant_id AND s.id = r.session_id
JOIN identity.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
JOIN identity.tenants t ON t.id = r.tenant_id
LEFT JOIN identity.refresh_tokens n ON n.tenant_id = r.tenant_id AND n.id = r.successor_id
WHERE r.tenant_id = %(tenant_id)s AND r.id = %(id)s;

-- use_refresh_token --
-- Marks a refresh token as used, with the one that follows.
UPDATE identity.refresh_tokens SET used_at = %(now)s, successor_id = %(successor_id)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND used_at IS NULL;

-- find_live_session --
-- The user of an access token, unless anything has made it worthless: one look at everything that could.
SELECT u.role, s.last_seen_at FROM identity.sessions s
JOIN identity.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
JOIN identity.tenants t ON t.id = s.tenant_id
WHERE s.tenant_id = %(tenant_id)s AND s.id = %(session_id)s AND s.user_id = %(user_id)s
    AND s.revoked_at IS NULL AND s.expires_at > %(now)s AND s.last_seen_at > %(idle_since)s
    AND u.is_active AND u.deleted_at IS NULL AND u.token_version = %(version)s
    AND t.status = 'active'
    AND NOT EXISTS (
        SELECT FROM identity.revoked_tokens r WHERE r.tenant_id = %(tenant_id)s AND r.jti = %(jti)s
    );

-- touch_session --
-- Marks a session as seen, unless another request is doing so.
UPDATE identity.sessions SET last_seen_at = %(now)s
WHERE tenant_id = %(tenant_id)s AND id = (
    SELECT id FROM identity.sessions
    WHERE tenant_id = %(tenant_id)s AND id = %(session_id)s AND last_seen_at < %(now)s
    FOR NO KEY UPDATE SKIP LOCKED
);

-- list_sessions --
-- A page of a user's sessions, newest first.
SELECT id, ip_address, user_agent, created_at, last_seen_at, expires_at, revoked_at, revoked_because
FROM identity.sessions
WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND (%(after)s::uuid IS NULL OR id < %(after)s)
ORDER BY id DESC
LIMIT %(limit)s;

-- session_exists --
-- Whether a session is a user's.
SELECT id FROM identity.sessions
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND user_id = %(user_id)s;

-- end_session --
-- Ends a session that has not been ended.
UPDATE identity.sessions SET revoked_at = now(), revoked_because = %(because)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND revoked_at IS NULL;

-- lock_user --
-- Holds a user: a login under way is either seen by what follows or begins after it.
SELECT id FROM identity.users WHERE tenant_id = %(tenant_id)s AND id = %(user_id)s FOR NO KEY UPDATE;

-- end_sessions --
-- Ends the sessions of a user, but for one.
UPDATE identity.sessions SET revoked_at = now(), revoked_because = %(because)s
WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND revoked_at IS NULL
    AND id IS DISTINCT FROM %(except_session)s
RETURNING id;

-- revoke_token --
-- Makes an access token worthless before its time.
INSERT INTO identity.revoked_tokens (tenant_id, jti, expires_at)
VALUES (%(tenant_id)s, %(jti)s, %(expires_at)s)
ON CONFLICT DO NOTHING;

-- set_password --
-- Gives a user another password, which makes older access tokens worthless.
UPDATE identity.users SET password_hash = %(password_hash)s, token_version = token_version + 1
WHERE tenant_id = %(tenant_id)s AND id = %(user_id)s;
