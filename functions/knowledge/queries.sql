-- put_kit_document --
-- Adds the document of a file of a kit, or refreshes the one of its name.
INSERT INTO knowledge.documents
    (id, tenant_id, project_id, collection, name, origin, status, bucket, key, version, content_hash, media_type,
     size_bytes, payload, embedding_model, embedding_dimension, chunk_count, indexed_at)
VALUES
    (%(id)s, %(tenant_id)s, %(project_id)s, %(collection)s, %(name)s, 'kit', 'indexed', %(bucket)s, %(key)s,
     %(version)s, %(content_hash)s, %(media_type)s, %(size_bytes)s, %(payload)s, %(embedding_model)s,
     %(embedding_dimension)s, %(chunk_count)s, now())
ON CONFLICT (tenant_id, id) DO UPDATE SET
    version = excluded.version, content_hash = excluded.content_hash, media_type = excluded.media_type,
    size_bytes = excluded.size_bytes, payload = excluded.payload, embedding_model = excluded.embedding_model,
    embedding_dimension = excluded.embedding_dimension, chunk_count = excluded.chunk_count, indexed_at = now();

-- delete_chunks --
-- Removes the chunks of a document before its new ones are written.
DELETE FROM knowledge.chunks WHERE tenant_id = %(tenant_id)s AND document_id = %(document_id)s;

-- insert_chunk --
-- Adds a chunk of a document.
INSERT INTO knowledge.chunks (id, tenant_id, document_id, position, heading, content, payload)
VALUES (%(id)s, %(tenant_id)s, %(document_id)s, %(position)s, %(heading)s, %(content)s, %(payload)s);

-- list_documents --
-- A page of the indexed documents in the order of their ids, and how many passages each has.
SELECT id, chunk_count FROM knowledge.documents
WHERE tenant_id = %(tenant_id)s AND (%(after)s::uuid IS NULL OR id > %(after)s)
ORDER BY id
LIMIT %(limit)s;

-- list_documents_of_collection --
-- Every document of a collection: its id, its name, how many chunks it has.
SELECT d.id, d.name, (SELECT count(*) FROM knowledge.chunks c
                     WHERE c.tenant_id = d.tenant_id AND c.document_id = d.id) AS chunks
FROM knowledge.documents d
WHERE d.tenant_id = %(tenant_id)s AND d.collection = %(collection)s;

-- list_ids_between --
-- The ids of the documents after one and up to another.
SELECT id FROM knowledge.documents
WHERE tenant_id = %(tenant_id)s AND (%(after)s::uuid IS NULL OR id > %(after)s) AND id <= %(through)s
ORDER BY id;

-- read_documents --
-- Documents by their ids; updated_at tells whether they changed since.
SELECT id, collection, name, payload, updated_at
FROM knowledge.documents WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s);

-- read_chunks --
-- The chunks of documents, in order.
SELECT document_id, heading, content, payload
FROM knowledge.chunks WHERE tenant_id = %(tenant_id)s AND document_id = ANY(%(ids)s)
ORDER BY document_id, position;

-- read_stamps --
-- When documents changed last.
SELECT id, updated_at FROM knowledge.documents WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s);

-- note_model --
-- Documents are embedded by another model than before.
UPDATE knowledge.documents SET embedding_model = %(model)s
WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s) AND embedding_dimension = %(dimension)s
  AND embedding_model <> %(model)s;

-- count_chunks --
-- How many documents with passages, and how many passages, each collection has.
SELECT d.collection, count(DISTINCT d.id) AS documents, count(*) AS chunks
FROM knowledge.documents d
JOIN knowledge.chunks c ON c.tenant_id = d.tenant_id AND c.document_id = d.id
WHERE d.tenant_id = %(tenant_id)s
GROUP BY d.collection;

-- list_tenants_with_documents --
-- A page of the tenants that have documents, in the order of their ids: one look into the index for each.
WITH RECURSIVE tenants AS (
    (SELECT tenant_id FROM knowledge.documents
     WHERE %(after)s::uuid IS NULL OR tenant_id > %(after)s
     ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.tenant_id FROM knowledge.documents d WHERE d.tenant_id > t.tenant_id
            ORDER BY d.tenant_id LIMIT 1)
    FROM tenants t WHERE t.tenant_id IS NOT NULL
)
SELECT tenant_id FROM tenants WHERE tenant_id IS NOT NULL LIMIT %(limit)s;

-- ------------------------------------------------------------------------------------------------------------------
-- What the API shows and changes.
-- ------------------------------------------------------------------------------------------------------------------

-- get_document --
-- A document as it is shown. Not shown is a row that only says that somebody looks whether there is an object: after a
-- deletion there is such a row for a moment, and no document.
SELECT id, project_id, collection, name, origin, status, reason_code, reason, title, media_type, size_bytes,
    content_hash, payload, embedding_model, chunk_count, bucket, key, version, indexed_at, created_at, updated_at
FROM knowledge.documents
WHERE tenant_id = %(tenant_id)s AND id = %(id)s
  AND NOT (status = 'indexing' AND version IS NULL AND media_type IS NULL);

-- page_of_documents --
-- A page of the documents in the order of their ids: of a collection, in a status, whose names begin so, when given.
SELECT id, project_id, collection, name, origin, status, reason_code, reason, title, media_type, size_bytes,
    content_hash, payload, embedding_model, chunk_count, bucket, key, version, indexed_at, created_at, updated_at
FROM knowledge.documents
WHERE tenant_id = %(tenant_id)s
  AND (%(after)s::uuid IS NULL OR id > %(after)s)
  AND (%(collection)s::text IS NULL OR collection = %(collection)s)
  AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(name_prefix)s::text IS NULL OR starts_with(name, %(name_prefix)s))
  AND NOT (status = 'indexing' AND version IS NULL AND media_type IS NULL)
ORDER BY id
LIMIT %(limit)s;

-- await_upload --
-- Adds a document whose object is still to come; one that is there waits for its next version.
INSERT INTO knowledge.documents
    (id, tenant_id, collection, name, origin, status, bucket, key, payload, media_type)
VALUES (%(id)s, %(tenant_id)s, %(collection)s, %(name)s, 'upload', 'awaiting_upload', %(bucket)s, %(key)s,
        %(payload)s, %(media_type)s)
ON CONFLICT (tenant_id, id) DO UPDATE SET
    status = 'awaiting_upload', reason_code = NULL, reason = NULL,
    media_type = coalesce(documents.media_type, excluded.media_type);

-- delete_document --
-- Removes the row of an uploaded document; its chunks are gone already.
DELETE FROM knowledge.documents WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND origin = 'upload';

-- count_documents --
-- How many documents, and passages of them, each collection has in each status.
SELECT collection, status, count(*) AS documents, sum(chunk_count) AS chunks
FROM knowledge.documents
WHERE tenant_id = %(tenant_id)s AND NOT (status = 'indexing' AND version IS NULL AND media_type IS NULL)
GROUP BY collection, status;
