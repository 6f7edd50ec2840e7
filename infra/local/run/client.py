"""The API as `make run` calls it: plain HTTP on this machine, answers checked."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30


class ApiProblem(Exception):
    """The API answered with a problem document; the message is made for a person."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        self.status = status
        lines = [str(document.get("detail") or document.get("title") or f"HTTP {status}")]
        lines += [f"  {item['pointer']} {item['detail']}" for item in document.get("errors", [])]
        super().__init__("\n".join(lines))


def fetch(url: str) -> bytes:
    """Return what a signed URL holds. Raises ApiProblem when it is refused."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise ApiProblem(answer.status, {"detail": "The file could not be fetched."})
        return body
    finally:
        connection.close()


class Client:
    """Calls of one person: intake first, then everything its token opens."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._parts = urlsplit(url)
        self.token = token

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the JSON of an answer. Raises ApiProblem, OSError."""
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        connection = http.client.HTTPConnection(
            self._parts.hostname or "", self._parts.port, timeout=TIMEOUT_SECONDS
        )
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            document: dict[str, Any] = json.loads(answer.read() or b"{}")
        finally:
            connection.close()
        if answer.status >= 400:
            raise ApiProblem(answer.status, document)
        return document

    def intake(self, form: dict[str, Any]) -> dict[str, Any]:
        """Send an idea; further calls carry the token that comes back."""
        made = self.call("POST", "/v1/intake", form)
        self.token = made["access_token"]
        return made

    def run(self, run_id: str) -> dict[str, Any]:
        """Return a run."""
        return self.call("GET", f"/v1/runs/{run_id}")

    def project(self, project_id: str) -> dict[str, Any]:
        """Return a project."""
        return self.call("GET", f"/v1/projects/{project_id}")

    def assets(self, project_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return every asset of a run, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            path = f"/v1/projects/{project_id}/assets?run={run_id}&limit=100{cursor}"
            page = self.call("GET", path)
            found += page["data"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"
