-- claim_outbox --
-- Waiting events of every tenant, oldest first, each for one relay at a time.
SELECT id, tenant_id, event_type, detail, created_at FROM identity.outbox
WHERE published_at IS NULL AND created_at <= now() - make_interval(secs => %(age_seconds)s)
ORDER BY id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- insert_delivery --
-- Adds a webhook to deliver, once for an event and its subject.
INSERT INTO identity.webhook_deliveries (tenant_id, event_type, subject_id, payload, status)
VALUES (%(tenant_id)s, %(event_type)s, %(subject_id)s, %(payload)s, %(status)s)
ON CONFLICT (tenant_id, event_type, subject_id) DO NOTHING
RETURNING id;

-- record_attempt --
-- Writes what came of an attempt; a delivered webhook stays delivered.
UPDATE identity.webhook_deliveries
SET status = %(status)s, attempts = greatest(attempts, %(attempts)s), response_status = %(response_status)s,
    error_message = %(error_message)s,
    delivered_at = CASE WHEN %(status)s = 'delivered' THEN now() END
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status <> 'delivered';

-- get_delivery --
-- The webhook about a subject.
SELECT id, event_type, status, attempts, response_status, delivered_at FROM identity.webhook_deliveries
WHERE tenant_id = %(tenant_id)s AND event_type = %(event_type)s AND subject_id = %(subject_id)s;

-- find_stalled_deliveries --
-- Webhooks of every tenant that nobody has tried for a while.
SELECT id, tenant_id, event_type, payload, attempts FROM identity.webhook_deliveries
WHERE status = 'pending' AND updated_at <= now() - make_interval(secs => %(stall_seconds)s)
ORDER BY updated_at
LIMIT 500;
