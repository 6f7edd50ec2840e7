DROP TABLE identity.webhook_attempts;

ALTER TABLE identity.webhook_deliveries NO FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.webhook_events NO FORCE ROW LEVEL SECURITY;
DROP INDEX identity.webhook_deliveries_due, identity.webhook_deliveries_event;
ALTER TABLE identity.webhook_deliveries
    DROP CONSTRAINT webhook_deliveries_status_check,
    DROP CONSTRAINT webhook_deliveries_scheduled,
    DROP CONSTRAINT webhook_deliveries_addressed,
    ADD COLUMN event_type text CHECK (length(event_type) BETWEEN 1 AND 100),
    ADD COLUMN subject_id uuid,
    ADD COLUMN payload jsonb;
-- One delivery a subject, as before: of an event that went to several places, or happened again, the first stays.
DELETE FROM identity.webhook_deliveries
WHERE (tenant_id, id) NOT IN (
    SELECT DISTINCT ON (d.tenant_id, e.event_type, e.subject_id) d.tenant_id, d.id
    FROM identity.webhook_deliveries d
    JOIN identity.webhook_events e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
    ORDER BY d.tenant_id, e.event_type, e.subject_id, (d.status = 'delivered') DESC, d.id);
UPDATE identity.webhook_deliveries d
SET event_type = e.event_type, subject_id = e.subject_id, payload = e.data,
    status = CASE WHEN d.status = 'cancelled' THEN 'failed' ELSE d.status END
FROM identity.webhook_events e
WHERE e.tenant_id = d.tenant_id AND e.id = d.event_id;
-- What nobody listened to is a delivery to nowhere again.
INSERT INTO identity.webhook_deliveries (id, tenant_id, event_id, event_type, subject_id, payload, status, created_at)
SELECT DISTINCT ON (e.tenant_id, e.event_type, e.subject_id)
    e.id, e.tenant_id, e.id, e.event_type, e.subject_id, e.data, 'disabled', e.created_at
FROM identity.webhook_events e
WHERE NOT EXISTS (SELECT FROM identity.webhook_deliveries d WHERE d.tenant_id = e.tenant_id
    AND d.event_type = e.event_type AND d.subject_id = e.subject_id)
ORDER BY e.tenant_id, e.event_type, e.subject_id, e.id;
ALTER TABLE identity.webhook_deliveries
    DROP COLUMN event_id,
    DROP COLUMN endpoint_id,
    DROP COLUMN schedule_position,
    DROP COLUMN next_attempt_at,
    DROP COLUMN asked_at,
    ALTER COLUMN event_type SET NOT NULL,
    ALTER COLUMN subject_id SET NOT NULL,
    ALTER COLUMN payload SET NOT NULL,
    ADD CONSTRAINT webhook_deliveries_status_check
        CHECK (status IN ('pending', 'delivered', 'failed', 'disabled')),
    ADD UNIQUE (tenant_id, event_type, subject_id);
CREATE INDEX webhook_deliveries_pending ON identity.webhook_deliveries (updated_at) WHERE status = 'pending';
ALTER TABLE identity.webhook_deliveries FORCE ROW LEVEL SECURITY;

DROP TABLE identity.webhook_events;
DROP TABLE identity.webhook_endpoints;
