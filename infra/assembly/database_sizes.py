"""How many connections a class of RDS instance takes; the parameter group and compute read it. Pure data."""

from __future__ import annotations

# GiB of each class we deploy, https://aws.amazon.com/rds/instance-types/.
_MEMORY_GIB = {
    "t4g.micro": 1,
    "t4g.small": 2,
    "t4g.medium": 4,
    "t4g.large": 8,
    "m8g.large": 8,
    "m8g.xlarge": 16,
    "m8g.2xlarge": 32,
    "r8g.large": 16,
    "r8g.xlarge": 32,
    "r8g.2xlarge": 64,
}
# RDS allows LEAST(DBInstanceClassMemory / 9531392, 5000) by default.
_BYTES_EACH = 9_531_392
_MOST = 5000
# DBInstanceClassMemory is what the operating system and RDS leave of the memory: on the smallest class about three
# quarters.
_SHARE = 0.7

RESERVED_CONNECTIONS = 10
"""Kept from functions: 3 for superusers, 2 for RDS's own administrators, the rest for rdsadmin and for a person."""

DATABASE_CONNECTIONS = {
    name: min(_MOST, int(gib * 2**30 * _SHARE / _BYTES_EACH)) for name, gib in _MEMORY_GIB.items()
}
"""`max_connections` of each class, below what its memory allows."""


def database_connections(database_class: str) -> int:
    """`max_connections` of a class. ValueError for one whose memory we do not know."""
    if database_class not in DATABASE_CONNECTIONS:
        known = ", ".join(DATABASE_CONNECTIONS)
        raise ValueError(f"no number of connections is known for db.{database_class}; there are {known}")
    return DATABASE_CONNECTIONS[database_class]


def connections_for_functions(database_class: str) -> int:
    """How many connections functions may hold together."""
    return database_connections(database_class) - RESERVED_CONNECTIONS
