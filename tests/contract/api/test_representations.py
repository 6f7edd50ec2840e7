"""Entity tags and pages: what every reading operation has in common."""

from __future__ import annotations

from dataclasses import replace

from infra.openapi.inventory import Served
from tests.contract.api.cases import cases
from tests.contract.api.house import Reply, Sent
from tests.contract.api.stage import Tenancy

reads = cases(lambda case: case.route.method == "GET")
lists = cases(lambda case: case.operation.pages)
patches = cases(lambda case: case.matches)


@reads
def test_what_is_read_is_found(case: Served, tenancy: Tenancy) -> None:
    reply = tenancy.send(case, tenancy.request(case))

    assert reply.status == 200
    assert reply.body


def _within_a_second(tenancy: Tenancy, case: Served, sent: Sent) -> str:
    """Return an entity tag that still holds: URLs are signed anew every second, which may just have ended."""
    for _ in range(20):
        etag = tenancy.send(case, sent).headers["etag"]
        if tenancy.send(case, sent).headers["etag"] == etag:
            return etag
    raise AssertionError("no two answers in a row were the same")


@reads
def test_what_a_client_has_is_not_sent_again(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)

    for spelling in ("{}", "W/{}", '"other", {}'):
        for _ in range(5):
            etag = _within_a_second(tenancy, case, sent)
            again = tenancy.send(case, replace(sent, headers={"if-none-match": spelling.format(etag)}))
            if again.headers["etag"] == etag:
                break
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag), spelling
    assert tenancy.send(case, replace(sent, headers={"if-none-match": "*"})).status == 304
    assert tenancy.send(case, replace(sent, headers={"if-none-match": '"other"'})).status == 200


@patches
def test_only_what_is_as_it_was_seen_is_changed(case: Served, fresh: Tenancy) -> None:
    sent = fresh.request(case)
    read = replace(sent, method="GET", body=None)
    shown = fresh.house.send(read)
    assert shown.status == 200, "a PATCH has a GET beside it, which answers the same"

    refused = fresh.send(case, replace(sent, headers={"if-match": '"0123456789abcdef"'}))
    assert refused.status == 412
    assert fresh.house.send(read).body == shown.body
    weak = fresh.send(case, replace(sent, headers={"if-match": f"W/{shown.headers['etag']}"}))
    assert weak.status == 412, "If-Match compares strongly"

    changed = fresh.send(case, replace(sent, headers={"if-match": f'"other", {shown.headers["etag"]}'}))
    assert changed.status == 200, changed.body
    assert changed.headers["etag"] == fresh.house.send(read).headers["etag"] != shown.headers["etag"]
    stale = fresh.send(case, replace(sent, headers={"if-match": shown.headers["etag"]}))
    assert stale.status == 412


def name_of(row: dict[str, str]) -> str:
    """Return what a row of a list is known by: its id, or the ids of what it brings together."""
    return row.get("id") or " ".join(value for name, value in row.items() if name.endswith("_id"))


def pages(case: Served, tenancy: Tenancy, limit: int, between: list[str]) -> list[str]:
    """Walk a list and return the ids it showed; after the first page, do an operation of each name in between."""
    sent = tenancy.request(case)
    found: list[str] = []
    cursor = ""
    while True:
        reply: Reply = tenancy.send(case, replace(sent, path=f"{sent.path}?limit={limit}{cursor}"))
        page = reply.json()
        assert reply.status == 200
        assert len(page["data"]) <= limit
        found += [name_of(each) for each in page["data"]]
        while between:
            tenancy.make(between.pop())
        if page["next_cursor"] is None:
            return found
        assert len(page["data"]) == limit, "a page that is not the last is full"
        cursor = f"&cursor={page['next_cursor']}"


@lists
def test_pages_hold_each_thing_once_while_others_come_in(case: Served, fresh: Tenancy) -> None:
    for operation in fresh.makers(case) * 3:
        fresh.make(operation)
    whole = pages(case, fresh, 100, [])
    assert whole
    assert len(set(whole)) == len(whole)

    walked = pages(case, fresh, 1, fresh.makers(case) * 2)

    assert [each for each in walked if each in whole] == whole
    assert len(set(walked)) == len(walked)
