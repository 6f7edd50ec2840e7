-- put_document --
-- Adds an indexed document, or refreshes the one of this key.
INSERT INTO knowledge.documents
    (id, tenant_id, project_id, collection, bucket, key, version, content_hash, embedding_model,
     embedding_dimension, chunk_count)
VALUES
    (%(id)s, %(tenant_id)s, %(project_id)s, %(collection)s, %(bucket)s, %(key)s, %(version)s, %(content_hash)s,
     %(embedding_model)s, %(embedding_dimension)s, %(chunk_count)s)
ON CONFLICT (tenant_id, id) DO UPDATE SET
    version = excluded.version, content_hash = excluded.content_hash,
    embedding_model = excluded.embedding_model, embedding_dimension = excluded.embedding_dimension,
    chunk_count = excluded.chunk_count;

-- delete_chunks --
-- Removes the chunks of a document before its new ones are written.
DELETE FROM knowledge.chunks WHERE tenant_id = %(tenant_id)s AND document_id = %(document_id)s;

-- insert_chunk --
-- Adds a chunk of a document.
INSERT INTO knowledge.chunks (id, tenant_id, document_id, position, content)
VALUES (%(id)s, %(tenant_id)s, %(document_id)s, %(position)s, %(content)s);

-- list_documents --
-- A page of the indexed documents in the order of their ids, and how many passages each has.
SELECT id, chunk_count FROM knowledge.documents
WHERE tenant_id = %(tenant_id)s AND (%(after)s::uuid IS NULL OR id > %(after)s)
ORDER BY id
LIMIT %(limit)s;

-- list_documents_of_collection --
-- Every indexed document of a collection: its id, its key, how many passages it has.
SELECT d.id, d.key, (SELECT count(*) FROM knowledge.chunks c
                     WHERE c.tenant_id = d.tenant_id AND c.document_id = d.id) AS chunks
FROM knowledge.documents d
WHERE d.tenant_id = %(tenant_id)s AND d.collection = %(collection)s;

-- list_ids_between --
-- The ids of the documents after one and up to another.
SELECT id FROM knowledge.documents
WHERE tenant_id = %(tenant_id)s AND (%(after)s::uuid IS NULL OR id > %(after)s) AND id <= %(through)s
ORDER BY id;

-- read_documents --
-- Documents by their ids with their passages in order; updated_at tells whether they changed since.
SELECT d.id, d.collection, d.project_id, d.key, d.version, d.updated_at,
       ARRAY(SELECT c.content FROM knowledge.chunks c
             WHERE c.tenant_id = d.tenant_id AND c.document_id = d.id ORDER BY c.position) AS passages
FROM knowledge.documents d
WHERE d.tenant_id = %(tenant_id)s AND d.id = ANY(%(ids)s);

-- read_stamps --
-- When documents changed last.
SELECT id, updated_at FROM knowledge.documents WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s);

-- note_model --
-- Documents are embedded by another model than before.
UPDATE knowledge.documents SET embedding_model = %(model)s
WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s) AND embedding_model <> %(model)s;

-- count_chunks --
-- How many documents with passages, and how many passages, each collection has.
SELECT d.collection, count(DISTINCT d.id) AS documents, count(*) AS chunks
FROM knowledge.documents d
JOIN knowledge.chunks c ON c.tenant_id = d.tenant_id AND c.document_id = d.id
WHERE d.tenant_id = %(tenant_id)s
GROUP BY d.collection;
