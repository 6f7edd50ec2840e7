-- insert_endpoint --
-- Adds an endpoint; one of that id that is there already gets the new address and is active again.
INSERT INTO identity.webhook_endpoints (id, tenant_id, url, description, event_types, created_by)
VALUES (coalesce(%(id)s, uuidv7()), %(tenant_id)s, %(url)s, %(description)s, %(event_types)s, %(created_by)s)
ON CONFLICT (tenant_id, id) DO UPDATE
SET url = excluded.url, description = excluded.description, event_types = excluded.event_types, status = 'active',
    disabled_because = NULL, disabled_at = NULL, first_failure_at = NULL, deleted_at = NULL
RETURNING id;

-- count_endpoints --
-- How many endpoints a tenant has; two that are added at once wait for each other.
SELECT pg_advisory_xact_lock(hashtextextended('webhook-endpoints ' || %(tenant_id)s::text, 0)),
    (SELECT count(*) FROM identity.webhook_endpoints WHERE tenant_id = %(tenant_id)s AND deleted_at IS NULL) AS found;

-- get_endpoint --
-- An endpoint that was not deleted.
SELECT id, tenant_id, url, description, event_types, status, disabled_because, disabled_at, secret_version,
    previous_secret_expires_at, first_failure_at, created_by, created_at, updated_at
FROM identity.webhook_endpoints
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND deleted_at IS NULL;

-- lock_endpoint --
-- An endpoint that was not deleted, for one change at a time.
SELECT id, tenant_id, url, description, event_types, status, disabled_because, disabled_at, secret_version,
    previous_secret_expires_at, first_failure_at, created_by, created_at, updated_at
FROM identity.webhook_endpoints
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND deleted_at IS NULL
FOR NO KEY UPDATE;

-- list_endpoints --
-- A page of endpoints, newest first.
SELECT id, tenant_id, url, description, event_types, status, disabled_because, disabled_at, secret_version,
    previous_secret_expires_at, first_failure_at, created_by, created_at, updated_at
FROM identity.webhook_endpoints
WHERE tenant_id = %(tenant_id)s AND deleted_at IS NULL AND (%(after)s::uuid IS NULL OR id < %(after)s)
ORDER BY id DESC
LIMIT %(limit)s;

-- update_endpoint --
-- Writes what may be changed of an endpoint.
UPDATE identity.webhook_endpoints
SET url = %(url)s, description = %(description)s, event_types = %(event_types)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- enable_endpoint --
-- Lets an endpoint get webhooks again; what it missed or refused before does not count.
UPDATE identity.webhook_endpoints
SET status = 'active', disabled_because = NULL, disabled_at = NULL, first_failure_at = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = 'disabled';

-- disable_endpoint --
-- Lets an endpoint get nothing more.
UPDATE identity.webhook_endpoints
SET status = 'disabled', disabled_because = %(because)s, disabled_at = %(now)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = 'active';

-- delete_endpoint --
-- Takes an endpoint out of sight; what was delivered to it can still be looked up.
UPDATE identity.webhook_endpoints
SET status = 'disabled', disabled_because = coalesce(disabled_because, 'operator'),
    disabled_at = coalesce(disabled_at, %(now)s), deleted_at = %(now)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- rotate_secret --
-- Goes on to the next version of a secret; the one before signs too for a while.
UPDATE identity.webhook_endpoints
SET secret_version = secret_version + 1, previous_secret_expires_at = %(previous_expires_at)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- mark_failing --
-- Writes down since when an endpoint takes nothing.
UPDATE identity.webhook_endpoints SET first_failure_at = %(started_at)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND first_failure_at IS NULL;

-- mark_well --
-- An endpoint has taken something.
UPDATE identity.webhook_endpoints SET first_failure_at = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND first_failure_at IS NOT NULL;

-- insert_event --
-- Adds what happened, once for a subject and its occurrence.
INSERT INTO identity.webhook_events (tenant_id, event_type, subject_id, occurrence, data)
VALUES (%(tenant_id)s, %(event_type)s, %(subject_id)s, %(occurrence)s, %(data)s)
ON CONFLICT (tenant_id, event_type, subject_id, occurrence) DO NOTHING
RETURNING id;

-- find_listeners --
-- The active endpoints that asked for a type of event; none of them is disabled before this transaction ends.
SELECT id FROM identity.webhook_endpoints
WHERE tenant_id = %(tenant_id)s AND status = 'active' AND %(event_type)s = ANY(event_types)
ORDER BY id
FOR SHARE;

-- insert_delivery --
-- Adds the delivery of an event to an endpoint, due now.
INSERT INTO identity.webhook_deliveries (tenant_id, endpoint_id, event_id, next_attempt_at)
VALUES (%(tenant_id)s, %(endpoint_id)s, %(event_id)s, now())
RETURNING id;

-- get_outcome --
-- What became of the newest event of a type about a subject, over all its deliveries.
SELECT e.id, e.event_type, count(d.id) AS deliveries,
    count(*) FILTER (WHERE d.status = 'pending') AS pending,
    count(*) FILTER (WHERE d.status = 'delivered') AS delivered,
    coalesce(sum(d.attempts), 0)::integer AS attempts, max(d.delivered_at) AS delivered_at,
    (array_agg(d.response_status ORDER BY d.updated_at DESC))[1] AS response_status
FROM identity.webhook_events e
LEFT JOIN identity.webhook_deliveries d ON d.tenant_id = e.tenant_id AND d.event_id = e.id
WHERE e.tenant_id = %(tenant_id)s AND e.event_type = %(event_type)s AND e.subject_id = %(subject_id)s
GROUP BY e.tenant_id, e.id
ORDER BY e.id DESC
LIMIT 1;

-- find_due_tenants --
-- The tenants that have a delivery which is due and not asked for, or was asked for and is lost.
SELECT DISTINCT tenant_id FROM identity.webhook_deliveries
WHERE status = 'pending' AND next_attempt_at <= %(until)s
    AND (asked_at IS NULL OR greatest(asked_at, next_attempt_at) <= %(lost_before)s);

-- claim_due --
-- Due deliveries of a tenant, each for one transaction, marked as asked for, with all that a post needs.
WITH due AS (
    SELECT tenant_id, id FROM identity.webhook_deliveries
    WHERE tenant_id = %(tenant_id)s AND status = 'pending' AND next_attempt_at <= %(until)s
        AND (asked_at IS NULL OR greatest(asked_at, next_attempt_at) <= %(lost_before)s)
        AND (%(id)s::uuid IS NULL OR id = %(id)s)
    ORDER BY next_attempt_at, id
    LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE identity.webhook_deliveries d SET asked_at = coalesce(%(now)s, now())
FROM due, identity.webhook_endpoints p, identity.webhook_events e
WHERE d.tenant_id = due.tenant_id AND d.id = due.id
    AND p.tenant_id = d.tenant_id AND p.id = d.endpoint_id
    AND e.tenant_id = d.tenant_id AND e.id = d.event_id
RETURNING d.id, d.attempts, d.next_attempt_at, p.id AS endpoint_id, p.url, p.secret_version,
    p.previous_secret_expires_at, e.id AS event_id, e.event_type, e.data, e.created_at AS happened_at;

-- lock_delivery --
-- A delivery that something came of, for one report at a time.
SELECT id, endpoint_id, status, attempts, schedule_position FROM identity.webhook_deliveries
WHERE tenant_id = %(tenant_id)s AND id = %(id)s
FOR NO KEY UPDATE;

-- insert_attempt --
-- Adds an attempt; of one that was made twice the success is what counts.
INSERT INTO identity.webhook_attempts AS a
    (tenant_id, delivery_id, number, started_at, duration_ms, response_status, error_message)
VALUES (%(tenant_id)s, %(id)s, %(number)s, %(started_at)s, %(duration_ms)s, %(response_status)s, %(error_message)s)
ON CONFLICT (tenant_id, delivery_id, number) DO UPDATE
SET started_at = excluded.started_at, duration_ms = excluded.duration_ms,
    response_status = excluded.response_status, error_message = excluded.error_message
WHERE excluded.response_status BETWEEN 200 AND 299 AND a.response_status IS DISTINCT FROM excluded.response_status;

-- record_outcome --
-- Writes what came of an attempt and when the next one is due.
UPDATE identity.webhook_deliveries
SET status = %(status)s, attempts = greatest(attempts, %(number)s), schedule_position = %(position)s,
    response_status = %(response_status)s, error_message = %(error_message)s, next_attempt_at = %(next_attempt_at)s,
    asked_at = NULL, delivered_at = %(delivered_at)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- cancel_deliveries --
-- Gives up what waits for an endpoint.
UPDATE identity.webhook_deliveries
SET status = 'cancelled', next_attempt_at = NULL, asked_at = NULL, error_message = %(reason)s
WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s AND status = 'pending';

-- restart_delivery --
-- Begins the schedule of a delivery anew.
UPDATE identity.webhook_deliveries
SET status = 'pending', schedule_position = 0, next_attempt_at = %(now)s, asked_at = NULL, delivered_at = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status <> 'pending';

-- get_delivery --
-- A delivery with its event.
SELECT d.id, d.endpoint_id, d.event_id, e.event_type, e.data, e.created_at AS happened_at, d.status, d.attempts,
    d.response_status, d.error_message, d.next_attempt_at, d.delivered_at, d.created_at, d.updated_at
FROM identity.webhook_deliveries d
JOIN identity.webhook_events e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
WHERE d.tenant_id = %(tenant_id)s AND d.id = %(id)s;

-- list_deliveries --
-- A page of deliveries with their events, newest first.
SELECT d.id, d.endpoint_id, d.event_id, e.event_type, e.data, e.created_at AS happened_at, d.status, d.attempts,
    d.response_status, d.error_message, d.next_attempt_at, d.delivered_at, d.created_at, d.updated_at
FROM identity.webhook_deliveries d
JOIN identity.webhook_events e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
WHERE d.tenant_id = %(tenant_id)s AND (%(after)s::uuid IS NULL OR d.id < %(after)s)
    AND (%(endpoint)s::uuid IS NULL OR d.endpoint_id = %(endpoint)s)
    AND (%(status)s::text IS NULL OR d.status = %(status)s)
ORDER BY d.id DESC
LIMIT %(limit)s;

-- list_attempts --
-- The attempts of a delivery, the first one first.
SELECT number, started_at, duration_ms, response_status, error_message FROM identity.webhook_attempts
WHERE tenant_id = %(tenant_id)s AND delivery_id = %(id)s
ORDER BY number;
