DROP TABLE identity.audit_log, identity.audit_heads;
DROP FUNCTION identity.chain_audit_entry, identity.audit_digest, identity.audit_json, identity.audit_field;
DROP PROCEDURE kernel.ensure_months;
DROP FUNCTION kernel.append_only;
