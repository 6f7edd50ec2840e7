DROP POLICY revival ON knowledge.documents;
REVOKE ALL ON knowledge.documents FROM robo_system;
REVOKE USAGE ON SCHEMA knowledge FROM robo_system;
DROP TABLE knowledge.quarantine;

ALTER TABLE knowledge.chunks NO FORCE ROW LEVEL SECURITY;
ALTER TABLE knowledge.documents NO FORCE ROW LEVEL SECURITY;
DELETE FROM knowledge.chunks c USING knowledge.documents d
WHERE d.tenant_id = c.tenant_id AND d.id = c.document_id AND (d.origin = 'upload' OR d.status <> 'indexed');
DELETE FROM knowledge.documents WHERE origin = 'upload' OR status <> 'indexed';
ALTER TABLE knowledge.documents FORCE ROW LEVEL SECURITY;
ALTER TABLE knowledge.chunks FORCE ROW LEVEL SECURITY;

ALTER TABLE knowledge.chunks
    DROP CONSTRAINT chunks_heading_length,
    DROP COLUMN payload;
DROP INDEX knowledge.documents_unsettled;
DROP INDEX knowledge.documents_status;
ALTER TABLE knowledge.documents
    DROP CONSTRAINT documents_indexed,
    DROP CONSTRAINT documents_quarantined,
    DROP CONSTRAINT documents_name,
    DROP COLUMN name,
    DROP COLUMN origin,
    DROP COLUMN status,
    DROP COLUMN reason_code,
    DROP COLUMN reason,
    DROP COLUMN title,
    DROP COLUMN media_type,
    DROP COLUMN size_bytes,
    DROP COLUMN payload,
    DROP COLUMN claim,
    DROP COLUMN indexed_at,
    ALTER COLUMN content_hash SET NOT NULL,
    ALTER COLUMN embedding_model SET NOT NULL,
    ALTER COLUMN embedding_dimension SET NOT NULL,
    ALTER COLUMN chunk_count DROP DEFAULT;
