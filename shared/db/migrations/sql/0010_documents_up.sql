-- Kits are cut anew, by structure, and indexed again: their rows could not say what a passage is.
ALTER TABLE knowledge.chunks NO FORCE ROW LEVEL SECURITY;
ALTER TABLE knowledge.documents NO FORCE ROW LEVEL SECURITY;
ALTER TABLE agency.workflow_runs NO FORCE ROW LEVEL SECURITY;
DELETE FROM knowledge.chunks;
DELETE FROM knowledge.documents;
UPDATE agency.workflow_runs SET indexed_at = NULL WHERE indexed_at IS NOT NULL;
ALTER TABLE agency.workflow_runs FORCE ROW LEVEL SECURITY;
ALTER TABLE knowledge.documents FORCE ROW LEVEL SECURITY;
ALTER TABLE knowledge.chunks FORCE ROW LEVEL SECURITY;

ALTER TABLE knowledge.documents
    ADD COLUMN name text NOT NULL CHECK (length(name) BETWEEN 1 AND 1024),
    ADD COLUMN origin text NOT NULL CHECK (origin IN ('kit', 'upload')),
    ADD COLUMN status text NOT NULL
        CHECK (status IN ('awaiting_upload', 'indexing', 'indexed', 'quarantined')),
    ADD COLUMN reason_code text CHECK (reason_code ~ '^[a-z][a-z_]{0,59}$'),
    ADD COLUMN reason text CHECK (length(reason) <= 1000),
    ADD COLUMN title text CHECK (length(title) <= 300),
    ADD COLUMN media_type text CHECK (length(media_type) <= 200),
    ADD COLUMN size_bytes bigint CHECK (size_bytes >= 0),
    -- The documented fields of the collection, as they stand in the payload of every point of the document.
    ADD COLUMN payload jsonb NOT NULL DEFAULT '{}',
    -- Whoever looked at the object last, and alone may write what came of it.
    ADD COLUMN claim uuid,
    ADD COLUMN indexed_at timestamptz,
    ALTER COLUMN content_hash DROP NOT NULL,
    ALTER COLUMN embedding_model DROP NOT NULL,
    ALTER COLUMN embedding_dimension DROP NOT NULL,
    ALTER COLUMN chunk_count SET DEFAULT 0,
    ADD CONSTRAINT documents_name UNIQUE (tenant_id, collection, name),
    ADD CONSTRAINT documents_indexed CHECK (
        status <> 'indexed'
        OR (content_hash IS NOT NULL AND embedding_model IS NOT NULL AND embedding_dimension IS NOT NULL)),
    ADD CONSTRAINT documents_quarantined CHECK (
        (status = 'quarantined') = (reason_code IS NOT NULL) AND (reason_code IS NULL) = (reason IS NULL));
CREATE INDEX documents_status ON knowledge.documents (tenant_id, status, id);
-- What the revival looks through every minute: only what is on its way.
CREATE INDEX documents_unsettled ON knowledge.documents (updated_at)
    WHERE status IN ('awaiting_upload', 'indexing');

ALTER TABLE knowledge.chunks
    ADD COLUMN payload jsonb NOT NULL DEFAULT '{}',
    ADD CONSTRAINT chunks_heading_length CHECK (length(heading) <= 1000);

-- What could not be read, version by version: it stays when the document is replaced or deleted.
CREATE TABLE knowledge.quarantine (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    bucket text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 1024),
    version text,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    reason_code text NOT NULL CHECK (reason_code ~ '^[a-z][a-z_]{0,59}$'),
    reason text NOT NULL CHECK (length(reason) <= 1000),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, key, version)
);
CALL kernel.protect('knowledge.quarantine');

-- The system's role looks for documents that nothing works on, and for tenants that have any.
GRANT USAGE ON SCHEMA knowledge TO robo_system;
GRANT SELECT (tenant_id, id, key, status, updated_at) ON knowledge.documents TO robo_system;
CREATE POLICY revival ON knowledge.documents FOR SELECT TO robo_system USING (true);
