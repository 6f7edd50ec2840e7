-- uploaded_below --
-- How far the documents of a collection are whose names begin with a prefix.
SELECT name, status, version, reason_code, reason FROM knowledge.documents
WHERE tenant_id = %(tenant_id)s AND collection = %(collection)s AND starts_with(name, %(prefix)s);
