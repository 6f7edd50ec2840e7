-- insert_epic --
-- Adds an epic of a run.
INSERT INTO planning.epics
    (tenant_id, project_id, run_id, reference, title, description, business_value, priority, story_points)
VALUES
    (%(tenant_id)s, %(project_id)s, %(run_id)s, %(reference)s, %(title)s, %(description)s, %(business_value)s,
     %(priority)s, %(story_points)s)
RETURNING id;

-- insert_story --
-- Adds a story to an epic.
INSERT INTO planning.stories
    (tenant_id, epic_id, reference, title, user_story, acceptance_criteria, requirements, story_points)
VALUES
    (%(tenant_id)s, %(epic_id)s, %(reference)s, %(title)s, %(user_story)s, %(acceptance_criteria)s,
     %(requirements)s, %(story_points)s)
RETURNING id;

-- insert_task --
-- Adds a task to a story.
INSERT INTO planning.tasks (tenant_id, story_id, position, title, estimate_hours)
VALUES (%(tenant_id)s, %(story_id)s, %(position)s, %(title)s, %(estimate_hours)s);

-- insert_dependency --
-- One story waits for another.
INSERT INTO planning.story_dependencies (tenant_id, story_id, depends_on_id)
VALUES (%(tenant_id)s, %(story_id)s, %(depends_on_id)s);

-- insert_validation --
-- Adds a BMAD validation of a run's plan.
INSERT INTO planning.bmad_validations
    (tenant_id, project_id, run_id, is_valid, score, missing_documents, recommendations, validator_version)
VALUES
    (%(tenant_id)s, %(project_id)s, %(run_id)s, %(is_valid)s, %(score)s, %(missing_documents)s,
     %(recommendations)s, %(validator_version)s)
RETURNING id;

-- insert_finding --
-- Adds a finding of a validation.
INSERT INTO planning.validation_errors (tenant_id, validation_id, position, severity, rule, message)
VALUES (%(tenant_id)s, %(validation_id)s, %(position)s, %(severity)s, %(rule)s, %(message)s);

-- insert_estimate --
-- Adds the cloud estimate of an environment; money in cents a month.
INSERT INTO planning.cloud_estimates
    (tenant_id, project_id, run_id, environment, currency, monthly_cost, compute_cost, storage_cost,
     network_cost, usage_data, unpriced, optimization_opportunities, confidence_level, prices_as_of)
VALUES
    (%(tenant_id)s, %(project_id)s, %(run_id)s, %(environment)s, %(currency)s, %(monthly_cost)s,
     %(compute_cost)s, %(storage_cost)s, %(network_cost)s, %(usage_data)s, %(unpriced)s,
     %(optimization_opportunities)s, %(confidence_level)s, %(prices_as_of)s)
RETURNING id;

-- insert_item --
-- Adds a line of an estimate.
INSERT INTO planning.cloud_estimate_items
    (tenant_id, estimate_id, service, category, purpose, quantity, unit, monthly_cost)
VALUES
    (%(tenant_id)s, %(estimate_id)s, %(service)s, %(category)s, %(purpose)s, %(quantity)s, %(unit)s,
     %(monthly_cost)s);

-- insert_projection --
-- Adds what an estimate comes to when the use grows.
INSERT INTO planning.cost_projections (tenant_id, estimate_id, growth, monthly_cost)
VALUES (%(tenant_id)s, %(estimate_id)s, %(growth)s, %(monthly_cost)s);
