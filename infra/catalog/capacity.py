"""How much may run at once: reserved concurrency, what it holds of the database, and what of the account.

A function that uses the database keeps one connection for each execution environment (`shared.db.unit_of_work`),
also while Lambda has it frozen; two when it works both as the application and as the system's role. Reserved
concurrency is the only bound on environments, so the sum over those functions is the most that they hold. Only
after a release, while Lambda still keeps environments of the versions before, there may be more; who finds no
connection then answers 503 or is tried again.
"""

from __future__ import annotations

from dataclasses import replace

from infra.catalog.model import Catalog, Function, Use

_DATABASE = Use("database", "connect")
_LOGINS = frozenset({"DatabaseSettings", "SystemDatabaseSettings"})

ACCOUNT_CONCURRENCY = 1000
"""Concurrent executions of an account in a region, by default. A new account may start with 10, of which nothing can
be reserved: ask Service Quotas for 1,000 (`L-B99A9384`) before the first deployment."""
UNRESERVED = 100
"""Lambda refuses a reservation that leaves fewer than these to functions without one."""

PROXY_SHARE = 4
"""Behind RDS Proxy a function holds a connection only during a transaction; we let four times as many share them. Who
comes when all are taken waits for one (`ConnectionBorrowTimeout`), it is not refused. Documentation only."""


def scaled(catalog: Catalog, factor: int) -> Catalog:
    """The catalog of a stage: concurrency of functions that scale, and of queues, times `factor`."""
    return replace(
        catalog,
        functions=tuple(replace(f, concurrency=f.reserved(factor), scales=False) for f in catalog.functions),
        queues=tuple(replace(q, max_concurrency=q.max_concurrency * factor) for q in catalog.queues),
    )


def uses_database(function: Function) -> bool:
    """Whether it connects to PostgreSQL."""
    return _DATABASE in function.uses


def connections_each(function: Function) -> int:
    """The connections of one execution environment: one for each role that it works as."""
    return max(1, len(_LOGINS.intersection(function.settings))) if uses_database(function) else 0


def database_demand(catalog: Catalog) -> int:
    """The most connections that the functions of a scaled catalog hold together."""
    return sum(function.concurrency * connections_each(function) for function in catalog.functions)


def account_demand(catalog: Catalog) -> int:
    """The executions that a scaled catalog reserves together."""
    return sum(function.concurrency for function in catalog.functions)


def check_capacity(catalog: Catalog, connections: int, *, proxy: bool) -> None:
    """Raise ValueError when the functions of a scaled catalog could hold more than there is.

    connections: of the database, without those kept for operators. proxy: whether functions reach it by RDS Proxy.
    """
    held, bound = database_demand(catalog), connections * (PROXY_SHARE if proxy else 1)
    if held > bound:
        many = sum(map(uses_database, catalog.functions))
        raise ValueError(
            f"{many} functions may hold {held} connections, the database has {bound} for them: take a larger "
            "database_class, a smaller concurrency_factor, or database_proxy"
        )
    reserved, most = account_demand(catalog), ACCOUNT_CONCURRENCY - UNRESERVED
    if reserved > most:
        raise ValueError(f"functions reserve {reserved} executions, an account has {most} to reserve")
    for queue in catalog.queues:
        consumer = catalog.function(queue.consumer)
        polled = sum(other.max_concurrency for other in catalog.queues if other.consumer == queue.consumer)
        if polled > consumer.concurrency:
            raise ValueError(
                f"{consumer.name} has {consumer.concurrency} executions, its queues ask for {polled}: messages that "
                "are throttled count as received"
            )
