"""Migrations: Alembic keeps the order, the statements are raw SQL in `sql/`, each with its way back."""
