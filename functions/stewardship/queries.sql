-- list_partitioned --
-- Tables of this role that are partitioned by time, with how many partitions each has.
SELECT format('%I.%I', n.nspname, c.relname) AS name,
    (SELECT count(*) FROM pg_inherits i WHERE i.inhparent = c.oid) AS partitions
FROM pg_partitioned_table p
JOIN pg_class c ON c.oid = p.partrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE p.partstrat = 'r' AND c.relowner = current_user::regrole
ORDER BY 1;

-- wait_briefly --
-- A partition is not worth a queue of requests behind its locks: what waits this long gives up and is tried again.
SET LOCAL lock_timeout = '5s';

-- ensure_months --
-- Makes the partitions of a table that are not there yet.
CALL kernel.ensure_months(%(name)s::regclass, %(months_ahead)s::integer,
    coalesce(%(since)s::timestamptz, now()));
