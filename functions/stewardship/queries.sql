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

-- lock_logins --
-- One deployment at a time makes logins; until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('roboagency logins', 0));

-- list_powerful_logins --
-- Logins of the product that may do what row level security and grants do not hold.
SELECT rolname AS name FROM pg_roles
WHERE rolname IN ('robo_owner', 'robo_app', 'robo_system')
    AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
ORDER BY 1;

-- let_logins_use_tokens --
-- RDS takes IAM tokens from members of rds_iam; where there is no such role, nobody needs one.
DO $$
DECLARE
    login text;
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
        FOREACH login IN ARRAY ARRAY['robo_owner', 'robo_app', 'robo_system'] LOOP
            IF NOT pg_has_role(login, 'rds_iam', 'MEMBER') THEN
                EXECUTE format('GRANT rds_iam TO %I', login);
            END IF;
        END LOOP;
    END IF;
END
$$;

-- open_database_to_logins --
-- Nobody else gets in; the owner makes schemas and, in public, the table of its migrations.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO robo_owner, robo_app, robo_system', current_database());
    EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO robo_owner', current_database());
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE, CREATE ON SCHEMA public TO robo_owner;
END
$$;
