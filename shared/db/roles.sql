-- The three logins of the database; made once by an administrator of the cluster, before the first migration.
-- robo_owner owns every table and runs migrations. robo_app serves requests and steps; robo_system relays the
-- outbox and finds stalled work across tenants. None may bypass row level security.
DO $$
DECLARE
    login text;
BEGIN
    FOREACH login IN ARRAY ARRAY['robo_owner', 'robo_app', 'robo_system'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', login);
        END IF;
    END LOOP;
END
$$;
