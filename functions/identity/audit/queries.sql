-- insert_entry --
-- Adds an act to the log; the database numbers, dates and chains it.
INSERT INTO identity.audit_log (tenant_id, action, actor_type, actor_id, subject_type, subject_id, request_id, details)
VALUES (%(tenant_id)s, %(action)s, %(actor_type)s, %(actor_id)s, %(subject_type)s, %(subject_id)s, %(request_id)s,
    %(details)s);

-- list_entries --
-- A page of the log, newest first; a filter that is NULL lets everything through.
SELECT id, sequence, occurred_at, action, actor_type, actor_id, subject_type, subject_id, request_id, details, hash
FROM identity.audit_log
WHERE tenant_id = %(tenant_id)s
    AND (%(after)s::uuid IS NULL OR sequence <
        (SELECT max(sequence) FROM identity.audit_log WHERE tenant_id = %(tenant_id)s AND id = %(after)s))
    AND (%(action)s::text IS NULL OR action = %(action)s)
    AND (%(actor_id)s::uuid IS NULL OR actor_id = %(actor_id)s)
    AND (%(subject_id)s::uuid IS NULL OR subject_id = %(subject_id)s)
    AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
ORDER BY sequence DESC
LIMIT %(limit)s;

-- read_head --
-- The end of a tenant's chain as it is kept beside the log, and whether there is an entry beyond it, in one glance.
SELECT head.sequence, head.hash,
    (SELECT min(sequence) FROM identity.audit_log
     WHERE tenant_id = asked.tenant AND sequence > coalesce(head.sequence, 0)) AS beyond
FROM (VALUES (%(tenant)s::uuid)) AS asked (tenant)
LEFT JOIN identity.audit_heads AS head ON head.tenant_id = asked.tenant;

-- read_links --
-- The entries of a tenant's chain after a number and up to its head, each value as it is hashed.
SELECT tenant_id::text, sequence, id::text, (extract(epoch FROM occurred_at) * 1000000)::bigint AS occurred_at,
    action, actor_type, actor_id::text, subject_type, subject_id::text, request_id, details::text, previous_hash,
    hash
FROM identity.audit_log
WHERE tenant_id = %(tenant)s AND sequence > %(after)s AND sequence <= %(head)s
ORDER BY sequence
LIMIT %(limit)s;

-- read_hashes --
-- The entries that carry a number: one, in a sound chain.
SELECT id::text, hash FROM identity.audit_log WHERE tenant_id = %(tenant)s AND sequence = %(sequence)s LIMIT 2;

-- list_chains --
-- Every tenant that has a head or an entry, one step through the index for each.
WITH RECURSIVE logged AS (
    (SELECT tenant_id FROM identity.audit_log ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT tenant_id FROM identity.audit_log WHERE tenant_id > logged.tenant_id ORDER BY tenant_id LIMIT 1)
    FROM logged WHERE logged.tenant_id IS NOT NULL
)
SELECT tenant_id FROM logged WHERE tenant_id IS NOT NULL
UNION
SELECT tenant_id FROM identity.audit_heads
ORDER BY tenant_id;
