"""Functions that a deployment calls itself, by their names in the catalog."""

# Before the functions change: they may need the new tables.
MIGRATION = "stewardship.migrate_database"
# Once all functions stand.
SEEDING = "knowledge.seed_collections"

AT_DEPLOYMENT = (MIGRATION, SEEDING)
