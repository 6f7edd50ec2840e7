"""Tools of operators: they talk to a deployed stage with the credentials of whoever runs them.

    python -m infra.operate.roll_back --stage dev --dry-run    which version each function would go back to
    python -m infra.operate.prune_versions --stage dev         end the versions nobody will go back to

Nothing of the product imports them.
"""
