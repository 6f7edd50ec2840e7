-- Definitions of agents and every call to a model.
CREATE SCHEMA agents;
GRANT USAGE ON SCHEMA agents TO robo_app;

CREATE TABLE agents.definitions (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    id text NOT NULL CHECK (length(id) BETWEEN 1 AND 100),
    version text NOT NULL CHECK (length(version) BETWEEN 1 AND 20),
    content_hash text NOT NULL CHECK (length(content_hash) = 64),
    name text NOT NULL,
    category text NOT NULL,
    description text NOT NULL,
    definition jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id, version)
);
CALL kernel.protect('agents.definitions');
REVOKE UPDATE ON agents.definitions FROM robo_app;

CREATE TABLE agents.interactions (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    project_id uuid NOT NULL,
    run_id uuid NOT NULL,
    agent_type text NOT NULL CHECK (length(agent_type) <= 50),
    request_type text CHECK (length(request_type) <= 100),
    model text NOT NULL,
    processing_time_ms integer CHECK (processing_time_ms >= 0),
    input_tokens bigint NOT NULL CHECK (input_tokens >= 0),
    output_tokens bigint NOT NULL CHECK (output_tokens >= 0),
    tokens_used bigint GENERATED ALWAYS AS (input_tokens + output_tokens) STORED,
    cost_microusd bigint NOT NULL CHECK (cost_microusd >= 0),
    success boolean NOT NULL,
    error_message text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES agency.projects (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES agency.workflow_runs (tenant_id, id)
);
CALL kernel.protect('agents.interactions');
CREATE INDEX interactions_project ON agents.interactions (tenant_id, project_id);
CREATE INDEX interactions_run ON agents.interactions (tenant_id, run_id);
CREATE INDEX interactions_agent ON agents.interactions (tenant_id, agent_type);
CREATE INDEX interactions_created_at ON agents.interactions (tenant_id, created_at DESC);
