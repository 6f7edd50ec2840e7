-- next_key_id --
-- The id of a key to be made: its prefix and its hash follow from it.
SELECT uuidv7() AS id;

-- insert_key --
-- Adds a key.
INSERT INTO identity.api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, expires_at, created_at)
VALUES (%(id)s, %(tenant_id)s, %(user_id)s, %(name)s, %(prefix)s, %(key_hash)s, %(scopes)s, %(expires_at)s, %(now)s)
RETURNING id, tenant_id, user_id, name, prefix, scopes, expires_at, last_used_at, revoked_at, successor_id, created_at;

-- list_keys --
-- The keys of a user, newest first.
SELECT id, tenant_id, user_id, name, prefix, scopes, expires_at, last_used_at, revoked_at, successor_id, created_at
FROM identity.api_keys
WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND (%(after)s::uuid IS NULL OR id < %(after)s)
ORDER BY id DESC
LIMIT %(limit)s;

-- get_key --
-- A key.
SELECT id, tenant_id, user_id, name, prefix, scopes, expires_at, last_used_at, revoked_at, successor_id, created_at
FROM identity.api_keys
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- hold_key --
-- A key that this transaction changes: one change of it at a time.
SELECT id, tenant_id, user_id, name, prefix, scopes, expires_at, last_used_at, revoked_at, successor_id, created_at
FROM identity.api_keys
WHERE tenant_id = %(tenant_id)s AND id = %(id)s
FOR NO KEY UPDATE;

-- rename_key --
-- Gives a key another name.
UPDATE identity.api_keys SET name = %(name)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s
RETURNING id, tenant_id, user_id, name, prefix, scopes, expires_at, last_used_at, revoked_at, successor_id, created_at;

-- revoke_key --
-- Ends a key for good.
UPDATE identity.api_keys SET revoked_at = %(now)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND revoked_at IS NULL;

-- succeed_key --
-- Says which key replaces another, and when that one ends; never later than it would have.
UPDATE identity.api_keys
SET successor_id = %(successor_id)s, expires_at = least(coalesce(expires_at, %(ends_at)s), %(ends_at)s)
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- find_presented_key --
-- What a key that somebody presents is compared with, and whether its owner and tenant still stand.
SELECT k.user_id, k.prefix, k.key_hash, k.scopes, k.expires_at, k.revoked_at, k.last_used_at, u.role,
    u.is_active AND u.deleted_at IS NULL AND t.status = 'active' AS owner_stands
FROM identity.api_keys k
JOIN identity.users u ON u.tenant_id = k.tenant_id AND u.id = k.user_id
JOIN identity.tenants t ON t.id = k.tenant_id
WHERE k.tenant_id = %(tenant_id)s AND k.id = %(id)s;

-- mark_used --
-- Writes when a key was used last; whoever comes second within the period writes nothing.
UPDATE identity.api_keys SET last_used_at = %(now)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND (last_used_at IS NULL OR last_used_at <= %(before)s);

-- find_active_tenant --
-- The tenant of this transaction, unless it is suspended or closed.
SELECT id FROM identity.tenants WHERE id = %(tenant_id)s AND status = 'active';
