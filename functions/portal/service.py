"""What the pages and the documents of the API stand on."""

from __future__ import annotations

from pathlib import Path

from shared.db.queries import load_queries
from shared.db.unit_of_work import Database

_queries = load_queries(Path(__file__).parent)


def check_database(database: Database) -> None:
    """Ask the database for one row. Raises DependencyUnavailable when it does not answer."""
    with database.transaction(None) as work:
        work.fetch_one(_queries["answer"])
