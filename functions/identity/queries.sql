-- claim_outbox --
-- Waiting events of every tenant, oldest first, each for one relay at a time.
SELECT id, tenant_id, event_type, detail, created_at FROM identity.outbox
WHERE published_at IS NULL AND created_at <= now() - make_interval(secs => %(age_seconds)s)
ORDER BY id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;
