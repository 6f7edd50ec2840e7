-- Tenants, idempotency, the outbox and outgoing webhooks.
CREATE SCHEMA identity;
GRANT USAGE ON SCHEMA identity TO robo_app, robo_system;

CREATE TABLE identity.tenants (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'closed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CALL kernel.protect('identity.tenants', 'id');

CREATE TABLE identity.idempotency_keys (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    operation text NOT NULL CHECK (length(operation) BETWEEN 1 AND 100),
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint text NOT NULL CHECK (length(fingerprint) = 64),
    status_code integer NOT NULL CHECK (status_code BETWEEN 200 AND 299),
    response jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, operation, key)
);
CALL kernel.protect('identity.idempotency_keys');
CREATE INDEX idempotency_keys_created_at ON identity.idempotency_keys (created_at);

CREATE TABLE identity.outbox (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    event_type text NOT NULL CHECK (length(event_type) BETWEEN 1 AND 100),
    detail jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CALL kernel.protect('identity.outbox');
CREATE INDEX outbox_waiting ON identity.outbox (id) WHERE published_at IS NULL;
GRANT SELECT, UPDATE ON identity.outbox TO robo_system;
CREATE POLICY relay ON identity.outbox TO robo_system USING (true) WITH CHECK (true);

CREATE TABLE identity.webhook_deliveries (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    event_type text NOT NULL CHECK (length(event_type) BETWEEN 1 AND 100),
    subject_id uuid NOT NULL,
    payload jsonb NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed', 'disabled')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    response_status integer CHECK (response_status BETWEEN 100 AND 599),
    error_message text,
    delivered_at timestamptz CHECK (delivered_at IS NULL OR status = 'delivered'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, event_type, subject_id)
);
CALL kernel.protect('identity.webhook_deliveries');
CREATE INDEX webhook_deliveries_pending ON identity.webhook_deliveries (updated_at) WHERE status = 'pending';
GRANT SELECT ON identity.webhook_deliveries TO robo_system;
CREATE POLICY revival ON identity.webhook_deliveries FOR SELECT TO robo_system USING (true);
