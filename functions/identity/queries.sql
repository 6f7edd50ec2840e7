-- claim_outbox --
-- Waiting events of every tenant, oldest first, each for one relay at a time.
SELECT id, tenant_id, event_type, detail, created_at FROM identity.outbox
WHERE published_at IS NULL AND created_at <= now() - make_interval(secs => %(age_seconds)s)
ORDER BY id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- get_outbox_age --
-- For how many seconds the event that has waited longest, of whichever tenant, is in the outbox.
SELECT extract(epoch FROM now() - min(created_at))::float8 AS seconds FROM identity.outbox
WHERE published_at IS NULL;
