-- Leads, projects, runs of the pipeline and what they make.
CREATE SCHEMA agency;
GRANT USAGE ON SCHEMA agency TO robo_app, robo_system;

CREATE TABLE agency.leads (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 255),
    name text CHECK (length(name) <= 255),
    company text CHECK (length(company) <= 255),
    job_title text CHECK (length(job_title) <= 255),
    phone text CHECK (length(phone) <= 50),
    sector text NOT NULL CHECK (sector IN ('healthtech', 'fintech', 'edtech', 'saas', 'ecommerce', 'other')),
    idea text NOT NULL CHECK (length(idea) BETWEEN 1 AND 5000),
    constraints jsonb NOT NULL DEFAULT '{}',
    properties jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'new'
        CHECK (status IN ('new', 'contacted', 'qualified', 'converted', 'lost')),
    source text NOT NULL DEFAULT 'website' CHECK (length(source) <= 50),
    score numeric(4, 3) CHECK (score BETWEEN 0 AND 1),
    qualified boolean NOT NULL DEFAULT false,
    last_contacted_at timestamptz,
    converted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CALL kernel.protect('agency.leads');
CREATE UNIQUE INDEX leads_email ON agency.leads (tenant_id, lower(email));
CREATE INDEX leads_sector ON agency.leads (tenant_id, sector);
CREATE INDEX leads_status ON agency.leads (tenant_id, status);
CREATE INDEX leads_created_at ON agency.leads (tenant_id, created_at DESC);

CREATE TABLE agency.projects (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    lead_id uuid,
    owner_id uuid,
    name text CHECK (length(name) BETWEEN 1 AND 255),
    status text NOT NULL DEFAULT 'queued' CHECK (status IN
        ('queued', 'processing', 'completed', 'failed', 'cancelled', 'active', 'archived')),
    sector text NOT NULL CHECK (sector IN ('healthtech', 'fintech', 'edtech', 'saas', 'ecommerce', 'other')),
    description text CHECK (length(description) <= 5000),
    goals text[] NOT NULL DEFAULT '{}',
    target_audience text[] NOT NULL DEFAULT '{}',
    key_features text[] NOT NULL DEFAULT '{}',
    market_analysis jsonb,
    settings jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    workspace_path text CHECK (length(workspace_path) <= 500),
    repository_url text CHECK (length(repository_url) <= 500),
    bmad_compliant boolean NOT NULL DEFAULT false,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    search tsvector GENERATED ALWAYS AS
        (to_tsvector('english', coalesce(name, '') || ' ' || coalesce(description, ''))) STORED,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES agency.leads (tenant_id, id),
    UNIQUE (tenant_id, owner_id, name),
    CHECK (lead_id IS NOT NULL OR owner_id IS NOT NULL)
);
CALL kernel.protect('agency.projects');
CREATE INDEX projects_lead ON agency.projects (tenant_id, lead_id);
CREATE INDEX projects_status ON agency.projects (tenant_id, status);
CREATE INDEX projects_created_at ON agency.projects (tenant_id, created_at DESC);
CREATE INDEX projects_tags ON agency.projects USING gin (tags);
CREATE INDEX projects_search ON agency.projects USING gin (search);

-- Money of model calls is integer millionths of a US dollar: a call costs fractions of a cent.
CREATE TABLE agency.workflow_runs (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    project_id uuid NOT NULL,
    workflow_name text NOT NULL CHECK (length(workflow_name) BETWEEN 1 AND 100),
    status text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    priority text NOT NULL DEFAULT 'default' CHECK (priority IN ('high', 'default', 'low')),
    generation integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
    fork_of uuid,
    current_step text CHECK (length(current_step) <= 100),
    steps_completed integer NOT NULL DEFAULT 0 CHECK (steps_completed >= 0),
    steps_total integer NOT NULL DEFAULT 8 CHECK (steps_total >= 1),
    budget_microusd bigint NOT NULL CHECK (budget_microusd > 0),
    spent_microusd bigint NOT NULL DEFAULT 0 CHECK (spent_microusd >= 0),
    reserved_microusd bigint NOT NULL DEFAULT 0 CHECK (reserved_microusd >= 0),
    approval text NOT NULL DEFAULT 'none' CHECK (approval IN ('none', 'required', 'waiting', 'granted')),
    task_token text,
    metadata jsonb NOT NULL DEFAULT '{}',
    error_code text CHECK (length(error_code) <= 100),
    error_message text CHECK (length(error_message) <= 2000),
    started_at timestamptz,
    completed_at timestamptz,
    duration_seconds integer GENERATED ALWAYS AS
        (extract(epoch FROM completed_at - started_at)::integer) STORED,
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    indexed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES agency.projects (tenant_id, id),
    FOREIGN KEY (tenant_id, fork_of) REFERENCES agency.workflow_runs (tenant_id, id),
    CHECK (steps_completed <= steps_total),
    CHECK (spent_microusd + reserved_microusd <= budget_microusd),
    CHECK ((completed_at IS NOT NULL) = (status IN ('completed', 'failed', 'cancelled')))
);
CALL kernel.protect('agency.workflow_runs');
CREATE INDEX workflow_runs_project ON agency.workflow_runs (tenant_id, project_id, created_at DESC);
CREATE INDEX workflow_runs_fork_of ON agency.workflow_runs (tenant_id, fork_of);
CREATE INDEX workflow_runs_status ON agency.workflow_runs (tenant_id, status);
CREATE INDEX workflow_runs_started_at ON agency.workflow_runs (tenant_id, started_at DESC);
CREATE INDEX workflow_runs_unfinished ON agency.workflow_runs (heartbeat_at)
    WHERE status IN ('queued', 'running') OR (status = 'completed' AND indexed_at IS NULL);
GRANT SELECT ON agency.workflow_runs TO robo_system;
CREATE POLICY revival ON agency.workflow_runs FOR SELECT TO robo_system USING (true);

CREATE TABLE agency.run_steps (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    run_id uuid NOT NULL,
    step text NOT NULL CHECK (length(step) BETWEEN 1 AND 100),
    position integer NOT NULL CHECK (position >= 1),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    input_hash text CHECK (length(input_hash) = 64),
    request_key text,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    model text,
    model_calls integer NOT NULL DEFAULT 0 CHECK (model_calls >= 0),
    input_tokens bigint NOT NULL DEFAULT 0 CHECK (input_tokens >= 0),
    output_tokens bigint NOT NULL DEFAULT 0 CHECK (output_tokens >= 0),
    reserved_microusd bigint NOT NULL DEFAULT 0 CHECK (reserved_microusd >= 0),
    cost_microusd bigint NOT NULL DEFAULT 0 CHECK (cost_microusd >= 0),
    answer jsonb,
    error_code text CHECK (length(error_code) <= 100),
    error_message text CHECK (length(error_message) <= 2000),
    started_at timestamptz,
    completed_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, run_id, step),
    UNIQUE (tenant_id, run_id, position),
    FOREIGN KEY (tenant_id, run_id) REFERENCES agency.workflow_runs (tenant_id, id),
    CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CHECK (status <> 'completed' OR answer IS NOT NULL)
);
CALL kernel.protect('agency.run_steps');

CREATE TABLE agency.assets (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    project_id uuid NOT NULL,
    run_id uuid NOT NULL,
    type text NOT NULL CHECK (type IN ('prd', 'wireframe', 'prototype', 'demo_video', 'script', 'other')),
    path text NOT NULL CHECK (length(path) BETWEEN 1 AND 260),
    bucket text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 1024),
    version text,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    filename text NOT NULL CHECK (length(filename) BETWEEN 1 AND 255),
    content_type text NOT NULL CHECK (length(content_type) <= 100),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, run_id, path),
    FOREIGN KEY (tenant_id, project_id) REFERENCES agency.projects (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES agency.workflow_runs (tenant_id, id)
);
CALL kernel.protect('agency.assets');
CREATE INDEX assets_project ON agency.assets (tenant_id, project_id);
CREATE INDEX assets_type ON agency.assets (tenant_id, type);
CREATE INDEX assets_created_at ON agency.assets (tenant_id, created_at DESC);

-- One row a project: the newest run only.
CREATE VIEW agency.active_projects_dashboard WITH (security_invoker = true) AS
SELECT p.tenant_id, p.id, p.name, p.sector, p.status,
       l.email AS lead_email, l.name AS lead_name,
       r.workflow_name, r.current_step,
       (SELECT count(*) FROM agency.assets a
        WHERE a.tenant_id = p.tenant_id AND a.project_id = p.id) AS assets_count,
       p.created_at, r.started_at AS workflow_started_at
FROM agency.projects p
LEFT JOIN agency.leads l ON l.tenant_id = p.tenant_id AND l.id = p.lead_id
LEFT JOIN LATERAL (
    SELECT w.workflow_name, w.current_step, w.started_at
    FROM agency.workflow_runs w
    WHERE w.tenant_id = p.tenant_id AND w.project_id = p.id
    ORDER BY w.created_at DESC, w.id DESC
    LIMIT 1
) r ON true
WHERE p.status IN ('processing', 'queued');
GRANT SELECT ON agency.active_projects_dashboard TO robo_app;
