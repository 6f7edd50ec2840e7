-- Epics, stories, tasks, BMAD validations and cloud estimates. Money is integer cents and a currency.
CREATE SCHEMA planning;
GRANT USAGE ON SCHEMA planning TO robo_app;

CREATE TABLE planning.epics (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    project_id uuid NOT NULL,
    run_id uuid NOT NULL,
    reference text NOT NULL CHECK (length(reference) <= 10),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    description text,
    business_value text,
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'ready', 'in_progress', 'done', 'cancelled')),
    priority text NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    story_points integer CHECK (story_points >= 0),
    start_date date,
    end_date date CHECK (end_date >= start_date),
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, run_id, reference),
    FOREIGN KEY (tenant_id, project_id) REFERENCES agency.projects (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES agency.workflow_runs (tenant_id, id)
);
CALL kernel.protect('planning.epics');
CREATE INDEX epics_project ON planning.epics (tenant_id, project_id);
CREATE INDEX epics_status ON planning.epics (tenant_id, status);

CREATE TABLE planning.stories (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    epic_id uuid NOT NULL,
    reference text NOT NULL CHECK (length(reference) <= 10),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    user_story text NOT NULL,
    acceptance_criteria jsonb NOT NULL DEFAULT '[]',
    requirements text[] NOT NULL DEFAULT '{}',
    story_points integer NOT NULL CHECK (story_points IN (1, 2, 3, 5, 8, 13)),
    status text NOT NULL DEFAULT 'backlog'
        CHECK (status IN ('backlog', 'ready', 'in_progress', 'review', 'done', 'cancelled')),
    assignee_id uuid,
    sprint_id uuid,
    tags text[] NOT NULL DEFAULT '{}',
    completed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, epic_id, reference),
    FOREIGN KEY (tenant_id, epic_id) REFERENCES planning.epics (tenant_id, id)
);
CALL kernel.protect('planning.stories');
CREATE INDEX stories_status ON planning.stories (tenant_id, status);

CREATE TABLE planning.tasks (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    story_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 1),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    estimate_hours integer NOT NULL CHECK (estimate_hours BETWEEN 1 AND 40),
    status text NOT NULL DEFAULT 'backlog'
        CHECK (status IN ('backlog', 'ready', 'in_progress', 'review', 'done', 'cancelled')),
    assignee_id uuid,
    completed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, story_id, position),
    FOREIGN KEY (tenant_id, story_id) REFERENCES planning.stories (tenant_id, id)
);
CALL kernel.protect('planning.tasks');

CREATE TABLE planning.story_dependencies (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    story_id uuid NOT NULL,
    depends_on_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, story_id, depends_on_id),
    FOREIGN KEY (tenant_id, story_id) REFERENCES planning.stories (tenant_id, id),
    FOREIGN KEY (tenant_id, depends_on_id) REFERENCES planning.stories (tenant_id, id),
    CHECK (story_id <> depends_on_id)
);
CALL kernel.protect('planning.story_dependencies');
CREATE INDEX story_dependencies_depends_on ON planning.story_dependencies (tenant_id, depends_on_id);

CREATE TABLE planning.bmad_validations (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    project_id uuid NOT NULL,
    run_id uuid NOT NULL,
    validation_date timestamptz NOT NULL DEFAULT now(),
    is_valid boolean NOT NULL,
    score integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    missing_documents text[] NOT NULL DEFAULT '{}',
    recommendations text[] NOT NULL DEFAULT '{}',
    validator_version text NOT NULL CHECK (length(validator_version) <= 20),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, run_id, validator_version),
    FOREIGN KEY (tenant_id, project_id) REFERENCES agency.projects (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES agency.workflow_runs (tenant_id, id)
);
CALL kernel.protect('planning.bmad_validations');
CREATE INDEX bmad_validations_project ON planning.bmad_validations (tenant_id, project_id, validation_date DESC);

CREATE TABLE planning.validation_errors (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    validation_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 1),
    severity text NOT NULL CHECK (severity IN ('error', 'warning')),
    rule text NOT NULL CHECK (length(rule) <= 60),
    message text NOT NULL,
    PRIMARY KEY (tenant_id, validation_id, position),
    FOREIGN KEY (tenant_id, validation_id) REFERENCES planning.bmad_validations (tenant_id, id)
);
CALL kernel.protect('planning.validation_errors');

CREATE TABLE planning.cloud_estimates (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    project_id uuid NOT NULL,
    run_id uuid NOT NULL,
    environment text NOT NULL CHECK (environment IN ('dev', 'staging', 'prod')),
    estimate_date timestamptz NOT NULL DEFAULT now(),
    currency text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
    monthly_cost bigint NOT NULL CHECK (monthly_cost >= 0),
    compute_cost bigint NOT NULL CHECK (compute_cost >= 0),
    storage_cost bigint NOT NULL CHECK (storage_cost >= 0),
    network_cost bigint NOT NULL CHECK (network_cost >= 0),
    usage_data jsonb NOT NULL,
    unpriced text[] NOT NULL DEFAULT '{}',
    optimization_opportunities jsonb NOT NULL DEFAULT '[]',
    confidence_level integer NOT NULL CHECK (confidence_level BETWEEN 0 AND 100),
    prices_as_of date NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, run_id, environment),
    FOREIGN KEY (tenant_id, project_id) REFERENCES agency.projects (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES agency.workflow_runs (tenant_id, id),
    CHECK (monthly_cost = compute_cost + storage_cost + network_cost)
);
CALL kernel.protect('planning.cloud_estimates');
CREATE INDEX cloud_estimates_project ON planning.cloud_estimates (tenant_id, project_id, estimate_date DESC);

CREATE TABLE planning.cloud_estimate_items (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    estimate_id uuid NOT NULL,
    service text NOT NULL CHECK (length(service) <= 120),
    category text NOT NULL CHECK (category IN ('compute', 'storage', 'network')),
    purpose text NOT NULL,
    quantity numeric NOT NULL CHECK (quantity >= 0 AND quantity <> 'NaN'),
    unit text NOT NULL,
    monthly_cost bigint NOT NULL CHECK (monthly_cost >= 0),
    PRIMARY KEY (tenant_id, estimate_id, service),
    FOREIGN KEY (tenant_id, estimate_id) REFERENCES planning.cloud_estimates (tenant_id, id)
);
CALL kernel.protect('planning.cloud_estimate_items');

CREATE TABLE planning.cost_projections (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    estimate_id uuid NOT NULL,
    growth integer NOT NULL CHECK (growth >= 1),
    monthly_cost bigint NOT NULL CHECK (monthly_cost >= 0),
    PRIMARY KEY (tenant_id, estimate_id, growth),
    FOREIGN KEY (tenant_id, estimate_id) REFERENCES planning.cloud_estimates (tenant_id, id)
);
CALL kernel.protect('planning.cost_projections');
