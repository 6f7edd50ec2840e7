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
