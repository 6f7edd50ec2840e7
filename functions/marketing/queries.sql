-- insert_campaign --
-- Adds the warm-up campaign of a run.
INSERT INTO marketing.email_campaigns (tenant_id, project_id, run_id, lead_id, type)
VALUES (%(tenant_id)s, %(project_id)s, %(run_id)s, %(lead_id)s, 'warmup')
RETURNING id;

-- insert_mail --
-- Adds a mail to a campaign, as a draft.
INSERT INTO marketing.email_steps
    (tenant_id, campaign_id, position, day, subject, preheader, body, call_to_action)
VALUES
    (%(tenant_id)s, %(campaign_id)s, %(position)s, %(day)s, %(subject)s, %(preheader)s, %(body)s,
     %(call_to_action)s);

-- get_campaign --
-- The campaign of a run.
SELECT id, type, status, created_at FROM marketing.email_campaigns
WHERE tenant_id = %(tenant_id)s AND run_id = %(run_id)s;

-- list_mails --
-- The mails of a campaign in order.
SELECT position, status, day, subject, preheader, body, call_to_action FROM marketing.email_steps
WHERE tenant_id = %(tenant_id)s AND campaign_id = %(campaign_id)s
ORDER BY position;
