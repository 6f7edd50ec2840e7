-- get_definition_hash --
-- The content hash of a version of an agent.
SELECT content_hash FROM agents.definitions
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND version = %(version)s;

-- insert_definition --
-- Adds a version of an agent; of two at once the first stands.
INSERT INTO agents.definitions
    (tenant_id, id, version, content_hash, name, category, description, definition)
VALUES
    (%(tenant_id)s, %(id)s, %(version)s, %(content_hash)s, %(name)s, %(category)s, %(description)s,
     %(definition)s)
ON CONFLICT (tenant_id, id, version) DO NOTHING;

-- insert_interaction --
-- Adds a call to the model, once.
INSERT INTO agents.interactions
    (id, tenant_id, project_id, run_id, agent_type, request_type, model, processing_time_ms, input_tokens,
     output_tokens, cost_microusd, success, error_message, created_at)
VALUES
    (%(id)s, %(tenant_id)s, %(project_id)s, %(run_id)s, %(agent_type)s, %(request_type)s, %(model)s,
     %(processing_time_ms)s, %(input_tokens)s, %(output_tokens)s, %(cost_microusd)s, %(success)s,
     %(error_message)s, %(created_at)s)
ON CONFLICT (tenant_id, id) DO NOTHING;
