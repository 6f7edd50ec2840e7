-- What people and programs did that matters for security: added to and never changed, each tenant's rows one chain.

-- Stands before UPDATE, DELETE and TRUNCATE of what is only added to, whoever asks.
CREATE FUNCTION kernel.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: what is written there stays', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Makes the monthly partitions of a table from the month of `since` (UTC) to `months_ahead` later; those that are there
-- stay as they are. There is no DEFAULT partition: it would have to be searched whenever one is attached or detached.
-- A partition is made beside its table and then attached, which lets the table's readers and writers go on. It stands
-- behind the wall, has the table's statement triggers, which PostgreSQL does not hand down, and no rights of its own:
-- everybody goes through the table.
CREATE PROCEDURE kernel.ensure_months(parent regclass, months_ahead integer, since timestamptz DEFAULT now())
    LANGUAGE plpgsql AS $$
DECLARE
    home name;
    title name;
    month timestamptz;
    made text;
    statement text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('kernel.ensure_months ' || parent::oid, 0));
    SELECT n.nspname, c.relname INTO home, title
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = parent;
    FOR number IN 0..months_ahead LOOP
        month := date_add(date_trunc('month', since, 'UTC'), make_interval(months => number), 'UTC');
        made := format('%I.%I', home, title || to_char(month AT TIME ZONE 'UTC', '"_y"YYYY"m"MM'));
        CONTINUE WHEN to_regclass(made) IS NOT NULL;
        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', made, parent);
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', made);
        EXECUTE format('CREATE POLICY tenant_wall ON %s USING (tenant_id = kernel.tenant())
            WITH CHECK (tenant_id = kernel.tenant())', made);
        FOR statement IN
            SELECT replace(pg_get_triggerdef(oid), format(' ON %I.%I ', home, title), format(' ON %s ', made))
            FROM pg_trigger WHERE tgrelid = parent AND NOT tgisinternal AND tgtype & 1 = 0
        LOOP
            EXECUTE statement;
        END LOOP;
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
            parent, made, month, date_add(month, interval '1 month', 'UTC'));
    END LOOP;
END
$$;

-- sequence: 1, 2, 3, … of each tenant without a gap. hash: SHA-256 of every other column, previous_hash among them.
CREATE TABLE identity.audit_log (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    sequence bigint NOT NULL CHECK (sequence >= 1),
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text NOT NULL CHECK (length(action) BETWEEN 1 AND 100),
    actor_type text NOT NULL CHECK (actor_type IN ('user', 'api_key', 'visitor', 'system', 'anonymous')),
    actor_id uuid,
    subject_type text NOT NULL CHECK (length(subject_type) BETWEEN 1 AND 100),
    subject_id uuid,
    request_id text CHECK (length(request_id) <= 100),
    details jsonb NOT NULL DEFAULT '{}' CHECK (
        jsonb_typeof(details) = 'object' AND length(details::text) <= 16000 AND strpos(details::text, '@') = 0),
    previous_hash bytea NOT NULL CHECK (length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (tenant_id, id, occurred_at),
    UNIQUE (tenant_id, sequence, occurred_at)
) PARTITION BY RANGE (occurred_at);
CALL kernel.protect('identity.audit_log');
CREATE INDEX audit_log_action ON identity.audit_log (tenant_id, action, sequence);
CREATE INDEX audit_log_actor ON identity.audit_log (tenant_id, actor_id, sequence);
CREATE INDEX audit_log_subject ON identity.audit_log (tenant_id, subject_id, sequence);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION kernel.append_only();

-- The end of each tenant's chain. Only the chain itself moves it.
CREATE TABLE identity.audit_heads (
    tenant_id uuid NOT NULL REFERENCES identity.tenants (id),
    sequence bigint NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32),
    PRIMARY KEY (tenant_id)
);
CALL kernel.protect('identity.audit_heads');
CREATE TRIGGER append_only BEFORE INSERT OR UPDATE OR DELETE ON identity.audit_heads
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION kernel.append_only();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON identity.audit_heads
    FOR EACH STATEMENT EXECUTE FUNCTION kernel.append_only();

-- The canonical form that is hashed; functions/identity/audit/chain.py builds the same bytes independently.
-- A field is its length in bytes, a colon and its UTF-8; NULL is a hyphen. So no two rows have one form.
CREATE FUNCTION identity.audit_field(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(octet_length(value) || ':' || value, '-');

-- JSON, independent of how PostgreSQL prints jsonb: members by the bytes of their keys, numbers without idle zeros.
CREATE FUNCTION identity.audit_json(value jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE jsonb_typeof(value)
        WHEN 'object' THEN (
            SELECT format('{%s}', string_agg(
                identity.audit_field(key) || identity.audit_json(item), '' ORDER BY key COLLATE "C"))
            FROM jsonb_each(value) AS members (key, item))
        WHEN 'array' THEN (
            SELECT format('[%s]', string_agg(identity.audit_json(item), '' ORDER BY position))
            FROM jsonb_array_elements(value) WITH ORDINALITY AS items (item, position))
        WHEN 'string' THEN 's' || identity.audit_field(value #>> '{}')
        WHEN 'number' THEN 'n' || identity.audit_field(trim_scale((value #>> '{}')::numeric)::text)
        ELSE value::text
    END;
END
$$;

-- occurred_at is hashed as microseconds since 1970 in UTC, whatever zone or style a session prints.
CREATE FUNCTION identity.audit_digest(
    tenant_id uuid, sequence bigint, id uuid, occurred_at timestamptz, action text, actor_type text, actor_id uuid,
    subject_type text, subject_id uuid, request_id text, details jsonb, previous_hash bytea
) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256(convert_to(
        'roboagency.audit/1'
        || identity.audit_field(tenant_id::text)
        || identity.audit_field(sequence::text)
        || identity.audit_field(id::text)
        || identity.audit_field((extract(epoch FROM occurred_at) * 1000000)::bigint::text)
        || identity.audit_field(action)
        || identity.audit_field(actor_type)
        || identity.audit_field(actor_id::text)
        || identity.audit_field(subject_type)
        || identity.audit_field(subject_id::text)
        || identity.audit_field(request_id)
        || identity.audit_field(identity.audit_json(details))
        || identity.audit_field(encode(previous_hash, 'hex')),
        'UTF8'));

-- Ties a row to the one before it. The tenant's head stays locked until the transaction ends, so that rows are chained
-- in the order of their commits and a rollback leaves no gap. Whoever holds the head must not wait for anything else,
-- or two transactions could wait for each other: the product adds its rows as the last thing before its commit
-- (UnitOfWork.before_commit), and what the row's reference to its tenant will lock is locked here before the head.
-- It borrows its owner's rights to move the head, which nobody else may; the wall holds for the owner too.
CREATE FUNCTION identity.chain_audit_entry() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head identity.audit_heads;
BEGIN
    PERFORM FROM identity.tenants WHERE id = NEW.tenant_id FOR KEY SHARE;
    SELECT * INTO head FROM identity.audit_heads WHERE tenant_id = NEW.tenant_id FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO identity.audit_heads (tenant_id) VALUES (NEW.tenant_id) ON CONFLICT DO NOTHING;
        SELECT * INTO STRICT head FROM identity.audit_heads WHERE tenant_id = NEW.tenant_id FOR UPDATE;
    END IF;
    NEW.sequence := head.sequence + 1;
    NEW.previous_hash := head.hash;
    NEW.hash := identity.audit_digest(NEW.tenant_id, NEW.sequence, NEW.id, NEW.occurred_at, NEW.action,
        NEW.actor_type, NEW.actor_id, NEW.subject_type, NEW.subject_id, NEW.request_id, NEW.details,
        NEW.previous_hash);
    UPDATE identity.audit_heads SET sequence = NEW.sequence, hash = NEW.hash WHERE tenant_id = NEW.tenant_id;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION identity.chain_audit_entry() FROM PUBLIC;
CREATE TRIGGER chain BEFORE INSERT ON identity.audit_log
    FOR EACH ROW EXECUTE FUNCTION identity.chain_audit_entry();

-- The application adds what happened and reads; number, time and hashes are the database's own.
REVOKE ALL ON identity.audit_log, identity.audit_heads FROM robo_app;
GRANT SELECT ON identity.audit_log, identity.audit_heads TO robo_app, robo_system;
GRANT INSERT (tenant_id, action, actor_type, actor_id, subject_type, subject_id, request_id, details)
    ON identity.audit_log TO robo_app;
CREATE POLICY verification ON identity.audit_log FOR SELECT TO robo_system USING (true);
CREATE POLICY verification ON identity.audit_heads FOR SELECT TO robo_system USING (true);

CALL kernel.ensure_months('identity.audit_log', 4);
