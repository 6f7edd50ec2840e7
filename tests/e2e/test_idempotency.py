"""Fifty identical posts at once under one key, and everything killed in the middle: one effect, one answer."""

from __future__ import annotations

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local.chaos.instance import Instance
from tests.e2e.system import PATIENCE, Reply, form, send

POSTS = 50
KEY = "one-idea-once"


class Post:
    """A client that sends the same until it has an answer that is final, as a careful client does."""

    def __init__(self, system: Instance, body: bytes, answered: threading.Event) -> None:
        self._system, self._body, self._answered = system, body, answered
        self._never = threading.Event()
        self.seen: list[int | str] = []

    def send(self, key: str = KEY) -> Reply:
        headers = {"content-type": "application/json", "idempotency-key": key}
        while True:
            try:
                reply = send(self._system.url, "POST", "/v1/intake", self._body, headers)
            except (OSError, http.client.HTTPException, KeyError) as error:  # KeyError: it runs nowhere now
                self.seen.append(type(error).__name__)
            else:
                self.seen.append(reply.status)
                self._answered.set()
                if reply.status not in (409, 502, 503, 504):
                    return reply
            self._never.wait(0.1)


def test_fifty_identical_posts_and_a_kill_have_one_effect(tmp_path: Path) -> None:
    asked = form()
    body = json.dumps(asked).encode()
    answered = threading.Event()
    with Instance(tmp_path) as system:
        posts = [Post(system, body, answered) for _ in range(POSTS)]
        gate = threading.Barrier(POSTS + 1)

        def race(post: Post) -> Reply:
            gate.wait(PATIENCE)
            return post.send()

        with ThreadPoolExecutor(POSTS) as pool:
            waiting = [pool.submit(race, post) for post in posts]
            gate.wait(PATIENCE)
            assert answered.wait(PATIENCE)
            system.kill()
            system.start()
            replies = [one.result(PATIENCE) for one in waiting]

        assert {reply.status for reply in replies} == {201}
        (run_id,) = {reply.json()["run_id"] for reply in replies}
        assert [str(row["id"]) for row in system.fetch_all("SELECT id FROM agency.workflow_runs")] == [run_id]
        for table in ("agency.leads", "agency.projects", "identity.idempotency_keys"):
            assert system.fetch_all(f"SELECT count(*) AS many FROM {table}") == [{"many": 1}], table  # noqa: S608
        events = system.fetch_all(
            "SELECT count(*) AS many FROM identity.outbox WHERE event_type = 'workflow_created'"
        )
        assert events == [{"many": 1}]
        # A start that the kill interrupted is asked for again, at least once: always of the same run and generation.
        asked_for = system.fetch_all(
            "SELECT DISTINCT detail ->> 'run_id' AS run_id, detail ->> 'generation' AS generation"
            " FROM identity.outbox WHERE event_type = 'run_requested'"
        )
        assert asked_for == [{"run_id": run_id, "generation": "1"}]
        assert any(status not in (201, 409) for post in posts for status in post.seen), "nothing was killed"

        other = Post(
            system, json.dumps({**asked, "idea": "Something else entirely"}).encode(), answered
        ).send()
        assert other.status == 422
        assert other.json()["type"] == "urn:roboagency:problem:invalid"
