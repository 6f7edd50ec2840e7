"""Who may come in and do what: the authorizer, its policies, API keys."""
