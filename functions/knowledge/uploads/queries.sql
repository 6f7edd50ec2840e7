-- claim --
-- Makes whoever looks at an object now the only one who may write what comes of it; the row is made if there is none.
-- Nothing for a tenant that does not exist.
INSERT INTO knowledge.documents (id, tenant_id, collection, name, origin, status, bucket, key, claim)
SELECT %(id)s, t.id, %(collection)s, %(name)s, 'upload', 'indexing', %(bucket)s, %(key)s, %(claim)s
FROM identity.tenants t WHERE t.id = %(tenant_id)s
ON CONFLICT (tenant_id, id) DO UPDATE SET
    claim = excluded.claim,
    status = CASE WHEN %(again)s THEN 'indexing' ELSE documents.status END,
    reason_code = CASE WHEN %(again)s THEN NULL ELSE documents.reason_code END,
    reason = CASE WHEN %(again)s THEN NULL ELSE documents.reason END
RETURNING status, version, content_hash, payload, embedding_model;

-- begin --
-- The document is being indexed, until whoever claimed it says what came of it.
UPDATE knowledge.documents SET status = 'indexing', reason_code = NULL, reason = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND claim = %(claim)s;

-- renew --
-- Another version of the object holds the same bytes under the same attributes.
UPDATE knowledge.documents SET version = %(version)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND claim = %(claim)s;

-- write --
-- What was read in the object; its chunks follow in the same transaction, its points after it.
UPDATE knowledge.documents SET
    status = 'indexing', reason_code = NULL, reason = NULL, bucket = %(bucket)s, key = %(key)s,
    version = %(version)s, content_hash = %(content_hash)s, title = %(title)s, media_type = %(media_type)s,
    size_bytes = %(size_bytes)s, payload = %(payload)s, embedding_model = %(embedding_model)s,
    embedding_dimension = %(embedding_dimension)s, chunk_count = %(chunk_count)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND claim = %(claim)s;

-- empty --
-- The version cannot be read: what the version before said goes, and no hash says that anything is complete.
UPDATE knowledge.documents SET
    status = 'indexing', reason_code = NULL, reason = NULL, version = %(version)s, content_hash = NULL, title = NULL,
    media_type = NULL, size_bytes = %(size_bytes)s, payload = '{}', embedding_model = NULL,
    embedding_dimension = NULL, chunk_count = 0, indexed_at = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND claim = %(claim)s;

-- settle --
-- The points are what the rows say.
UPDATE knowledge.documents SET status = 'indexed', indexed_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND claim = %(claim)s;

-- refuse --
-- Nothing of the document is left to be found, and this is why.
UPDATE knowledge.documents SET status = 'quarantined', reason_code = %(reason_code)s, reason = %(reason)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND claim = %(claim)s;

-- delete_claimed_document --
-- Removes a document whose object is gone.
DELETE FROM knowledge.documents WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND claim = %(claim)s;

-- lock_claimed --
-- Keeps others from claiming the document until this transaction ends.
SELECT FROM knowledge.documents
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND claim = %(claim)s
FOR UPDATE;

-- put_quarantined --
-- Keeps why a version of an object cannot be indexed; it stays when the object is replaced or deleted.
INSERT INTO knowledge.quarantine (tenant_id, bucket, key, version, size_bytes, reason_code, reason)
VALUES (%(tenant_id)s, %(bucket)s, %(key)s, %(version)s, %(size_bytes)s, %(reason_code)s, %(reason)s)
ON CONFLICT (tenant_id, bucket, key, version) DO UPDATE SET
    reason_code = excluded.reason_code, reason = excluded.reason;

-- find_forgotten --
-- Documents of every tenant that should be on their way and that nothing has touched for long.
SELECT tenant_id, id, key, status, updated_at FROM knowledge.documents
WHERE (status = 'indexing' AND updated_at < now() - make_interval(secs => %(stall_seconds)s))
   OR (status = 'awaiting_upload' AND updated_at < now() - make_interval(secs => %(awaited_seconds)s))
ORDER BY updated_at
LIMIT %(limit)s;

-- touch_forgotten --
-- Notes that a document is asked for again, unless something has touched it meanwhile.
UPDATE knowledge.documents SET status = status
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND updated_at = %(updated_at)s
RETURNING bucket, key;
