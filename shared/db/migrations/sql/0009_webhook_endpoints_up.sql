-- Outgoing webhooks: where they go, what is told, each delivery on its schedule, each attempt. The secrets that sign
-- them are derived from the endpoint's id and a version; none is kept.
CREATE TABLE identity.webhook_endpoints (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2048),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
    event_types text[] NOT NULL CHECK (cardinality(event_types) BETWEEN 1 AND 50),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    disabled_because text CHECK (disabled_because IN ('operator', 'gone', 'failing')),
    disabled_at timestamptz,
    secret_version integer NOT NULL DEFAULT 1 CHECK (secret_version >= 1),
    -- Until then the version before signs too.
    previous_secret_expires_at timestamptz CHECK (previous_secret_expires_at IS NULL OR secret_version > 1),
    -- Since when nothing was taken; a success clears it.
    first_failure_at timestamptz,
    deleted_at timestamptz,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES identity.users (tenant_id, id),
    CHECK ((status = 'disabled') = (disabled_because IS NOT NULL)),
    CHECK ((disabled_because IS NULL) = (disabled_at IS NULL)),
    CHECK (deleted_at IS NULL OR status = 'disabled')
);
CALL kernel.protect('identity.webhook_endpoints');
CREATE INDEX webhook_endpoints_created_by ON identity.webhook_endpoints (tenant_id, created_by);

-- What happened, once for a subject and its occurrence: a run may fail more than once. No delivery: nobody listened.
CREATE TABLE identity.webhook_events (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    event_type text NOT NULL CHECK (length(event_type) BETWEEN 1 AND 100),
    subject_id uuid NOT NULL,
    occurrence text NOT NULL DEFAULT '1' CHECK (length(occurrence) BETWEEN 1 AND 100),
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, event_type, subject_id, occurrence)
);

-- The owner sees no row of a forced table without a tenant; while rows move and keys are checked, it may.
ALTER TABLE identity.webhook_deliveries NO FORCE ROW LEVEL SECURITY;

-- What was delivered keeps its id: it is the webhook-id that receivers know.
INSERT INTO identity.webhook_events (id, tenant_id, event_type, subject_id, data, created_at)
SELECT id, tenant_id, event_type, subject_id, payload, created_at FROM identity.webhook_deliveries;

DELETE FROM identity.webhook_deliveries WHERE status = 'disabled';
DROP INDEX identity.webhook_deliveries_pending;
ALTER TABLE identity.webhook_deliveries
    DROP CONSTRAINT webhook_deliveries_status_check,
    DROP CONSTRAINT webhook_deliveries_tenant_id_event_type_subject_id_key,
    ADD COLUMN event_id uuid,
    ADD COLUMN endpoint_id uuid,
    ADD COLUMN schedule_position integer NOT NULL DEFAULT 0 CHECK (schedule_position >= 0),
    ADD COLUMN next_attempt_at timestamptz,
    ADD COLUMN asked_at timestamptz;
-- The one address of all was a setting. It is gone, and with it where these could still go.
UPDATE identity.webhook_deliveries
SET event_id = id,
    error_message = CASE WHEN status = 'pending' THEN 'there is no endpoint for it any more' ELSE error_message END,
    status = CASE WHEN status = 'pending' THEN 'cancelled' ELSE status END;
ALTER TABLE identity.webhook_deliveries
    DROP COLUMN event_type,
    DROP COLUMN subject_id,
    DROP COLUMN payload,
    ALTER COLUMN event_id SET NOT NULL,
    ADD CONSTRAINT webhook_deliveries_status_check
        CHECK (status IN ('pending', 'delivered', 'failed', 'cancelled')),
    ADD CONSTRAINT webhook_deliveries_scheduled CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    ADD CONSTRAINT webhook_deliveries_addressed CHECK (status <> 'pending' OR endpoint_id IS NOT NULL),
    ADD UNIQUE (tenant_id, endpoint_id, event_id),
    ADD FOREIGN KEY (tenant_id, event_id) REFERENCES identity.webhook_events (tenant_id, id),
    ADD FOREIGN KEY (tenant_id, endpoint_id) REFERENCES identity.webhook_endpoints (tenant_id, id);
CREATE INDEX webhook_deliveries_event ON identity.webhook_deliveries (tenant_id, event_id);
CREATE INDEX webhook_deliveries_due ON identity.webhook_deliveries (next_attempt_at) WHERE status = 'pending';
ALTER TABLE identity.webhook_deliveries FORCE ROW LEVEL SECURITY;
CALL kernel.protect('identity.webhook_events');

-- One post and what came of it; the answer's body is not kept, it is not even read.
CREATE TABLE identity.webhook_attempts (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    delivery_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    started_at timestamptz NOT NULL,
    duration_ms integer NOT NULL CHECK (duration_ms >= 0),
    response_status integer CHECK (response_status BETWEEN 100 AND 599),
    error_message text CHECK (length(error_message) <= 300),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, delivery_id, number),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES identity.webhook_deliveries (tenant_id, id)
);
CALL kernel.protect('identity.webhook_attempts');
