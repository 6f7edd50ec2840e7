-- upsert_lead --
-- Adds a lead, or refreshes the one with this e-mail address: a second idea is a second project, not an error.
INSERT INTO agency.leads
    (tenant_id, email, name, company, job_title, phone, sector, idea, constraints, source)
VALUES
    (%(tenant_id)s, %(email)s, %(name)s, %(company)s, %(job_title)s, %(phone)s, %(sector)s, %(idea)s,
     %(constraints)s, %(source)s)
ON CONFLICT (tenant_id, lower(email)) DO UPDATE SET
    name = coalesce(excluded.name, leads.name),
    company = coalesce(excluded.company, leads.company),
    job_title = coalesce(excluded.job_title, leads.job_title),
    phone = coalesce(excluded.phone, leads.phone),
    sector = excluded.sector,
    idea = excluded.idea,
    constraints = excluded.constraints
RETURNING id;

-- insert_project --
-- Adds a queued project of a lead; its description is the idea.
INSERT INTO agency.projects (tenant_id, lead_id, sector, description, settings)
VALUES (%(tenant_id)s, %(lead_id)s, %(sector)s, %(idea)s, %(settings)s)
RETURNING id;

-- insert_run --
-- Adds a queued run of a project.
INSERT INTO agency.workflow_runs
    (tenant_id, project_id, workflow_name, priority, budget_microusd, approval, steps_total, fork_of,
     metadata)
VALUES
    (%(tenant_id)s, %(project_id)s, %(workflow_name)s, %(priority)s, %(budget_microusd)s, %(approval)s,
     %(steps_total)s, %(fork_of)s, %(metadata)s)
RETURNING id, created_at;

-- insert_step --
-- Adds a pending step of a run.
INSERT INTO agency.run_steps (tenant_id, run_id, step, position)
VALUES (%(tenant_id)s, %(run_id)s, %(step)s, %(position)s);

-- get_run --
-- A run by its id.
SELECT id, tenant_id, project_id, workflow_name, status, priority, generation, fork_of, current_step,
       steps_completed, steps_total, budget_microusd, spent_microusd, reserved_microusd, approval, task_token,
       metadata, error_code, error_message, started_at, completed_at, duration_seconds, created_at, updated_at
FROM agency.workflow_runs
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s;

-- lock_run --
-- A run by its id, locked until the transaction ends: steps of one run are counted one after the other.
SELECT id, tenant_id, project_id, workflow_name, status, priority, generation, fork_of, current_step,
       steps_completed, steps_total, budget_microusd, spent_microusd, reserved_microusd, approval, task_token,
       metadata, error_code, error_message, started_at, completed_at, duration_seconds, created_at, updated_at
FROM agency.workflow_runs
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s
FOR UPDATE;

-- list_steps --
-- The steps of a run in order.
SELECT run_id, step, position, status, input_hash, request_key, attempts, model, model_calls, input_tokens,
       output_tokens, reserved_microusd, cost_microusd, answer, error_code, error_message, started_at,
       completed_at
FROM agency.run_steps
WHERE tenant_id = %(tenant_id)s AND run_id = %(run_id)s
ORDER BY position;

-- get_project --
-- A project by its id, unless it was deleted.
SELECT id, tenant_id, lead_id, owner_id, name, status, sector, description, goals, target_audience,
       key_features, market_analysis, settings, metadata, tags, bmad_compliant, created_at, updated_at
FROM agency.projects
WHERE tenant_id = %(tenant_id)s AND id = %(project_id)s AND deleted_at IS NULL;

-- list_projects --
-- A page of the projects, newest first: ids of version 7 grow with time.
SELECT id, tenant_id, lead_id, owner_id, name, status, sector, description, goals, target_audience,
       key_features, market_analysis, settings, metadata, tags, bmad_compliant, created_at, updated_at
FROM agency.projects
WHERE tenant_id = %(tenant_id)s AND deleted_at IS NULL
  AND (%(only)s::uuid IS NULL OR id = %(only)s)
  AND (%(after)s::uuid IS NULL OR id < %(after)s)
ORDER BY id DESC
LIMIT %(limit)s;

-- get_lead --
-- A lead by its id.
SELECT id, tenant_id, email, name, company, job_title, phone, sector, idea, constraints, properties, status,
       source, score, qualified, last_contacted_at, converted_at, created_at, updated_at
FROM agency.leads
WHERE tenant_id = %(tenant_id)s AND id = %(lead_id)s;

-- list_run_ids --
-- The runs of a project, newest first.
SELECT id FROM agency.workflow_runs
WHERE tenant_id = %(tenant_id)s AND project_id = %(project_id)s
ORDER BY created_at DESC, id DESC;

-- list_assets --
-- A page of the assets of a project's runs (of one run, when given) in the order of their ids.
SELECT id, tenant_id, project_id, run_id, type, path, bucket, key, version, sha256, filename, content_type,
       size_bytes, metadata, created_at
FROM agency.assets
WHERE tenant_id = %(tenant_id)s AND project_id = %(project_id)s
  AND (%(run_id)s::uuid IS NULL OR run_id = %(run_id)s)
  AND (%(after)s::uuid IS NULL OR id > %(after)s)
ORDER BY id
LIMIT %(limit)s;

-- put_asset --
-- Adds an asset, or refreshes the one at the same path of the same run: a repeated step makes no second row.
INSERT INTO agency.assets
    (tenant_id, project_id, run_id, type, path, bucket, key, version, sha256, filename, content_type, size_bytes)
VALUES
    (%(tenant_id)s, %(project_id)s, %(run_id)s, %(type)s, %(path)s, %(bucket)s, %(key)s, %(version)s,
     %(sha256)s, %(filename)s, %(content_type)s, %(size_bytes)s)
ON CONFLICT (tenant_id, run_id, path) DO UPDATE SET
    type = excluded.type, bucket = excluded.bucket, key = excluded.key, version = excluded.version,
    sha256 = excluded.sha256, filename = excluded.filename, content_type = excluded.content_type,
    size_bytes = excluded.size_bytes;

-- cancel_run --
-- Stops a run for good; nothing when it had ended already.
UPDATE agency.workflow_runs
SET status = 'cancelled', completed_at = now(), started_at = coalesce(started_at, now()), reserved_microusd = 0,
    task_token = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s AND status IN ('queued', 'running');

-- set_project_status --
-- Says where a project stands.
UPDATE agency.projects SET status = %(status)s
WHERE tenant_id = %(tenant_id)s AND id = %(project_id)s;

-- retry_run --
-- Puts a run that stopped back into the queue, as its next generation.
UPDATE agency.workflow_runs
SET status = 'queued', completed_at = NULL, error_code = NULL, error_message = NULL,
    generation = generation + 1, heartbeat_at = now(), reserved_microusd = 0,
    budget_microusd = greatest(budget_microusd, %(budget_microusd)s::bigint)
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s AND status IN ('failed', 'cancelled')
RETURNING generation;

-- reset_failed_steps --
-- Makes steps of these statuses pending again, with nothing reserved.
UPDATE agency.run_steps
SET status = 'pending', error_code = NULL, error_message = NULL, reserved_microusd = 0
WHERE tenant_id = %(tenant_id)s AND run_id = %(run_id)s AND status = ANY(%(statuses)s);

-- begin_run --
-- Marks a run as running and alive at the step that begins.
UPDATE agency.workflow_runs
SET status = 'running', started_at = coalesce(started_at, now()), heartbeat_at = now(), current_step = %(step)s
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s AND status IN ('queued', 'running');

-- begin_step --
-- Marks a step as running; its attempts count how often it was prepared.
UPDATE agency.run_steps
SET status = 'running', started_at = coalesce(started_at, now()), attempts = attempts + 1,
    error_code = NULL, error_message = NULL
WHERE tenant_id = %(tenant_id)s AND run_id = %(run_id)s AND step = %(step)s AND status <> 'completed';

-- reserve --
-- Reserves money for a step in place of what it had; nothing when the budget does not hold it. The amount is all that
-- the step may come to; what is counted as spent by an earlier attempt is part of it.
UPDATE agency.workflow_runs r
SET reserved_microusd = r.reserved_microusd - s.reserved_microusd + %(amount)s - s.cost_microusd
FROM agency.run_steps s
WHERE r.tenant_id = %(tenant_id)s AND r.id = %(run_id)s
  AND s.tenant_id = r.tenant_id AND s.run_id = r.id AND s.step = %(step)s
  AND r.spent_microusd + r.reserved_microusd - s.reserved_microusd + %(amount)s - s.cost_microusd
      <= r.budget_microusd;

-- keep_request --
-- Writes down what a step asks, where, and what is reserved for it.
UPDATE agency.run_steps
SET input_hash = %(input_hash)s, request_key = %(request_key)s, reserved_microusd = %(amount)s - cost_microusd
WHERE tenant_id = %(tenant_id)s AND run_id = %(run_id)s AND step = %(step)s;

-- complete_step --
-- Marks a step as completed with its answer and what it cost; nothing when it was completed before.
UPDATE agency.run_steps
SET status = 'completed', completed_at = now(), answer = %(answer)s, model = %(model)s,
    model_calls = %(model_calls)s, input_tokens = %(input_tokens)s, output_tokens = %(output_tokens)s,
    cost_microusd = %(cost_microusd)s, reserved_microusd = 0
WHERE tenant_id = %(tenant_id)s AND run_id = %(run_id)s AND step = %(step)s AND status <> 'completed';

-- fail_step --
-- Marks a step as failed with its reason and what it cost until then.
UPDATE agency.run_steps
SET status = 'failed', error_code = %(error_code)s, error_message = %(error_message)s, model = %(model)s,
    model_calls = %(model_calls)s, input_tokens = %(input_tokens)s, output_tokens = %(output_tokens)s,
    cost_microusd = %(cost_microusd)s, reserved_microusd = 0
WHERE tenant_id = %(tenant_id)s AND run_id = %(run_id)s AND step = %(step)s AND status <> 'completed';

-- count_run --
-- Brings a run's counts and money up to its steps'.
UPDATE agency.workflow_runs r
SET steps_completed = s.completed, spent_microusd = s.spent, reserved_microusd = s.reserved,
    heartbeat_at = now()
FROM (SELECT count(*) FILTER (WHERE status = 'completed') AS completed,
             coalesce(sum(cost_microusd), 0) AS spent, coalesce(sum(reserved_microusd), 0) AS reserved
      FROM agency.run_steps WHERE tenant_id = %(tenant_id)s AND run_id = %(run_id)s) s
WHERE r.tenant_id = %(tenant_id)s AND r.id = %(run_id)s;

-- complete_run --
-- Marks a run as completed; nothing when it had ended already.
UPDATE agency.workflow_runs
SET status = 'completed', completed_at = now(), current_step = NULL, reserved_microusd = 0, task_token = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s AND status = 'running';

-- fail_run --
-- Marks a run as failed with its reason; nothing when it had ended already.
UPDATE agency.workflow_runs
SET status = 'failed', completed_at = now(), started_at = coalesce(started_at, now()),
    error_code = %(error_code)s, error_message = %(error_message)s, reserved_microusd = 0, task_token = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s AND status IN ('queued', 'running');

-- keep_task_token --
-- A run waits for a yes; nothing when the yes was given before.
UPDATE agency.workflow_runs
SET approval = 'waiting', task_token = %(task_token)s, heartbeat_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s AND status = 'running' AND approval IN ('required', 'waiting');

-- grant_approval --
-- The yes; the token goes with it.
UPDATE agency.workflow_runs SET approval = 'granted', task_token = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s AND approval IN ('required', 'waiting');

-- qualify_lead --
-- Writes the score of a lead. From 0.5 on it counts as qualified.
UPDATE agency.leads
SET score = %(score)s, qualified = %(score)s >= 0.5,
    status = CASE WHEN status IN ('new', 'contacted') AND %(score)s >= 0.5 THEN 'qualified' ELSE status END
WHERE tenant_id = %(tenant_id)s AND id = %(lead_id)s;

-- describe_project --
-- Writes what qualification found.
UPDATE agency.projects
SET name = %(name)s, goals = %(goals)s, target_audience = %(target_audience)s,
    key_features = %(key_features)s, status = 'processing'
WHERE tenant_id = %(tenant_id)s AND id = %(project_id)s;

-- keep_market_analysis --
-- Writes what research found.
UPDATE agency.projects SET market_analysis = %(market_analysis)s
WHERE tenant_id = %(tenant_id)s AND id = %(project_id)s;

-- set_bmad_compliant --
-- Writes whether the plan passed its validation.
UPDATE agency.projects SET bmad_compliant = %(bmad_compliant)s
WHERE tenant_id = %(tenant_id)s AND id = %(project_id)s;

-- mark_indexed --
-- The kit of a run is in the vector engine.
UPDATE agency.workflow_runs SET indexed_at = coalesce(indexed_at, now())
WHERE tenant_id = %(tenant_id)s AND id = %(run_id)s;

-- find_stalled_runs --
-- Runs of every tenant that nothing has moved for a while, and completed ones whose kit is not indexed.
SELECT tenant_id, id AS run_id, status, priority, generation
FROM agency.workflow_runs
WHERE (status IN ('queued', 'running') OR (status = 'completed' AND indexed_at IS NULL))
  AND heartbeat_at <= now() - make_interval(secs => %(stall_seconds)s)
ORDER BY heartbeat_at
LIMIT 500;
