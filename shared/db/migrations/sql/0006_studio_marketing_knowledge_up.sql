-- Generated code projects, warm-up campaigns, and what is indexed where.
CREATE SCHEMA studio;
GRANT USAGE ON SCHEMA studio TO robo_app;

CREATE TABLE studio.generated_projects (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    project_id uuid NOT NULL,
    run_id uuid,
    output_directory text NOT NULL CHECK (length(output_directory) BETWEEN 1 AND 500),
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'generating', 'completed', 'failed', 'archived')),
    total_files integer NOT NULL DEFAULT 0 CHECK (total_files >= 0),
    total_size bigint NOT NULL DEFAULT 0 CHECK (total_size >= 0),
    created_by uuid,
    error_message text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, run_id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES agency.projects (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES agency.workflow_runs (tenant_id, id),
    CHECK (completed_at IS NULL OR status IN ('completed', 'archived'))
);
CALL kernel.protect('studio.generated_projects');
CREATE INDEX generated_projects_project ON studio.generated_projects (tenant_id, project_id, created_at DESC);
CREATE INDEX generated_projects_status ON studio.generated_projects (tenant_id, status);

CREATE TABLE studio.project_files (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    generated_project_id uuid NOT NULL,
    file_path text NOT NULL CHECK (length(file_path) BETWEEN 1 AND 260 AND file_path !~ '^/'),
    file_name text NOT NULL CHECK (length(file_name) BETWEEN 1 AND 255),
    file_type text NOT NULL CHECK (length(file_type) <= 50),
    file_size bigint NOT NULL CHECK (file_size >= 0),
    content_hash text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    content_preview text CHECK (length(content_preview) <= 1000),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, generated_project_id, file_path),
    FOREIGN KEY (tenant_id, generated_project_id) REFERENCES studio.generated_projects (tenant_id, id)
);
CALL kernel.protect('studio.project_files');
CREATE INDEX project_files_type ON studio.project_files (tenant_id, file_type);
CREATE INDEX project_files_hash ON studio.project_files (tenant_id, content_hash);

CREATE SCHEMA marketing;
GRANT USAGE ON SCHEMA marketing TO robo_app;

CREATE TABLE marketing.email_campaigns (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    project_id uuid NOT NULL,
    run_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    type text NOT NULL DEFAULT 'warmup' CHECK (type IN ('warmup', 'nurture', 'followup', 'newsletter')),
    status text NOT NULL DEFAULT 'scheduled'
        CHECK (status IN ('scheduled', 'active', 'completed', 'cancelled', 'paused')),
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, run_id, type),
    FOREIGN KEY (tenant_id, project_id) REFERENCES agency.projects (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES agency.workflow_runs (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES agency.leads (tenant_id, id)
);
CALL kernel.protect('marketing.email_campaigns');
CREATE INDEX email_campaigns_project ON marketing.email_campaigns (tenant_id, project_id);
CREATE INDEX email_campaigns_lead ON marketing.email_campaigns (tenant_id, lead_id);
CREATE INDEX email_campaigns_status ON marketing.email_campaigns (tenant_id, status);

CREATE TABLE marketing.email_steps (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    campaign_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 1),
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'approved', 'sent', 'cancelled')),
    day integer NOT NULL CHECK (day BETWEEN 0 AND 60),
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 78),
    preheader text NOT NULL CHECK (length(preheader) <= 120),
    body text NOT NULL CHECK (length(body) <= 10000),
    call_to_action text NOT NULL CHECK (length(call_to_action) <= 60),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, campaign_id, position),
    FOREIGN KEY (tenant_id, campaign_id) REFERENCES marketing.email_campaigns (tenant_id, id)
);
CALL kernel.protect('marketing.email_steps');

CREATE SCHEMA knowledge;
GRANT USAGE ON SCHEMA knowledge TO robo_app;

CREATE TABLE knowledge.documents (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    project_id uuid,
    collection text NOT NULL CHECK (length(collection) <= 60),
    bucket text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 1024),
    version text,
    content_hash text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    embedding_model text NOT NULL,
    embedding_dimension integer NOT NULL CHECK (embedding_dimension BETWEEN 1 AND 4096),
    chunk_count integer NOT NULL CHECK (chunk_count >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, collection, bucket, key),
    FOREIGN KEY (tenant_id, project_id) REFERENCES agency.projects (tenant_id, id)
);
CALL kernel.protect('knowledge.documents');
CREATE INDEX documents_project ON knowledge.documents (tenant_id, project_id);

CREATE TABLE knowledge.chunks (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    document_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    heading text,
    content text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, document_id, position),
    FOREIGN KEY (tenant_id, document_id) REFERENCES knowledge.documents (tenant_id, id)
);
CALL kernel.protect('knowledge.chunks');
