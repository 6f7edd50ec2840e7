-- What every table stands on: the tenant of the transaction, updated_at, and protection by row level security.
CREATE SCHEMA kernel;
GRANT USAGE ON SCHEMA kernel TO robo_app, robo_system;

-- The tenant of this transaction (SET LOCAL app.tenant_id), or NULL: then no row is visible.
CREATE FUNCTION kernel.tenant() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.tenant_id', true), '')::uuid;

CREATE FUNCTION kernel.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

-- Puts a table under the tenant wall: forced row level security, rights of the application, updated_at kept.
CREATE PROCEDURE kernel.protect(target regclass, tenant_column text DEFAULT 'tenant_id')
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY tenant_wall ON %s USING (%I = kernel.tenant()) WITH CHECK (%I = kernel.tenant())',
        target, tenant_column, tenant_column);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO robo_app', target);
    IF EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = target AND attname = 'updated_at' AND NOT attisdropped) THEN
        EXECUTE format(
            'CREATE TRIGGER touch BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION kernel.touch()', target);
    END IF;
END
$$;
