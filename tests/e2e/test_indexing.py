"""Uploads are indexed once each, whatever dies meanwhile: the whole system, or the vector engine under it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.catalog import CATALOG
from infra.local.aws.names import bucket_named
from infra.local.aws.secret_file import load_secrets
from infra.local.chaos.instance import ROOT, Instance, await_value
from infra.local.index_folder import main as index_folder
from tests.e2e.people import ADMIN, Person, log_in, run_admin
from tests.e2e.system import PATIENCE, TENANT, Reply, send

COLLECTION = "knowledge_base"
_ROWS = """
SELECT name, status, version, chunk_count FROM knowledge.documents
WHERE tenant_id = %(tenant)s AND collection = %(collection)s AND starts_with(name, %(prefix)s)
"""


class Engine:
    """The vector engine as a process of its own, which may be killed and started again on its folder and port."""

    def __init__(self, folder: Path, keys: dict[str, str]) -> None:
        self._folder = folder
        self._keys = {
            "QDRANT_API_KEY": keys["vectors-key"],
            "QDRANT_READ_ONLY_API_KEY": keys["vectors-read-key"],
        }
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.qdrant", str(self._folder), "--port", port],
            cwd=ROOT,
            env=os.environ | self._keys,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the engine did not start"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = None


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, Engine]]:
    """A system of this module, and its vector engine beside it."""
    folder = tmp_path_factory.mktemp("indexing")
    engine = Engine(folder / "engine", load_secrets(folder / "secrets.json", CATALOG.secrets, {}))
    engine.start()
    settings = {"EMBEDDING_PROVIDER": "hashed", "SEED_DOCUMENTS": "false", "VECTORS_URL": engine.url}
    try:
        with Instance(folder, settings) as system:
            done = run_admin(system, ADMIN)
            assert done.returncode == 0, done.stderr
            yield system, engine
    finally:
        engine.kill()


def upload(system: Instance, who: Person, name: str, text: str) -> None:
    """Ask for a form and post a file by it, as a browser does. Raises OSError when the system dies meanwhile."""
    asked = {"collection": COLLECTION, "name": name, "content_type": "text/markdown"}
    form = who.client.call("POST", "/v1/documents", asked)["upload"]
    answer = requests.post(form["url"], form["fields"], files={"file": (name, text.encode())}, timeout=60)
    assert answer.status_code == 204, answer.text


def text_of(word: str) -> str:
    return f"# About {word}\n\nThe harbour keeps {word} behind the third crane.\n"


def search(system: Instance, who: Person, word: str) -> Reply:
    body = json.dumps({"query": word, "collections": [COLLECTION], "limit": 50}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {who.client.token}"}
    return send(system.url, "POST", "/v1/search", body, headers)


def rows(system: Instance, prefix: str) -> dict[str, dict[str, Any]]:
    given = {"tenant": TENANT, "collection": COLLECTION, "prefix": prefix}
    return {row["name"]: row for row in system.fetch_all(_ROWS, given)}


def until_indexed(system: Instance, prefix: str, count: int) -> dict[str, dict[str, Any]]:
    def look() -> dict[str, dict[str, Any]] | None:
        found = rows(system, prefix)
        done = [row for row in found.values() if row["status"] == "indexed"]
        return found if len(found) == len(done) == count else None

    return await_value(look, PATIENCE, f"{count} documents are not indexed: {rows(system, prefix)}")


def newest_versions(system: Instance, prefix: str) -> dict[str, str]:
    """The newest version of each object below a prefix of names."""
    keys = f"documents/{TENANT}/{COLLECTION}/"
    listed = system.s3().list_object_versions(Bucket=bucket_named("knowledge"), Prefix=keys + prefix)
    return {v["Key"].removeprefix(keys): v["VersionId"] for v in listed["Versions"] if v["IsLatest"]}


def assert_found_once(system: Instance, who: Person, words: dict[str, str]) -> None:
    """Each document is found by its own word, and each of its passages is there once."""
    for name, word in words.items():
        found = search(system, who, word).json()["data"]
        assert [hit["name"] for hit in found if word in hit["text"]] == [name]
        passages = Counter((hit["document_id"], hit["chunk"]) for hit in found)
        assert set(passages.values()) == {1}


@pytest.mark.timeout(300)
def test_uploads_outlive_a_kill_of_everything(parts: tuple[Instance, Engine]) -> None:
    system, _ = parts
    words = {f"killed/{number}.md": f"quernstone{number:02}" for number in range(8)}
    who = log_in(system, ADMIN)
    acknowledged: list[str] = []
    counting = threading.Lock()
    last = random.randrange(1, len(words))  # noqa: S311
    note = f"killed after {last} uploads"

    def push(name: str) -> None:
        try:
            upload(system, who, name, text_of(words[name]))
        except (OSError, HTTPException):  # it was killed: nobody has promised anything
            return
        with counting:
            acknowledged.append(name)
            if len(acknowledged) == last:
                system.kill()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(push, words))
    assert len(acknowledged) >= last, note

    system.start()
    who = log_in(system, ADMIN)
    for name in words.keys() - set(acknowledged):
        upload(system, who, name, text_of(words[name]))

    found = until_indexed(system, "killed/", len(words))
    assert {name: row["version"] for name, row in found.items()} == newest_versions(system, "killed/"), note
    assert_found_once(system, who, words)


@pytest.mark.timeout(300)
def test_uploads_wait_for_the_vector_engine_and_go_on_when_it_is_back(parts: tuple[Instance, Engine]) -> None:
    system, engine = parts
    who = log_in(system, ADMIN)
    words = {f"waiting/{number}.md": f"windlass{number:02}" for number in range(3)}
    engine.kill()
    try:
        for name, word in words.items():
            upload(system, who, name, text_of(word))

        refused = search(system, who, "windlass")

        assert refused.status == 503
        assert int(refused.headers["retry-after"]) > 0
        assert {row["status"] for row in rows(system, "waiting/").values()} <= {"awaiting_upload", "indexing"}
    finally:
        engine.start()

    found = until_indexed(system, "waiting/", len(words))
    assert {name: row["version"] for name, row in found.items()} == newest_versions(system, "waiting/")
    assert_found_once(system, who, words)


def run_index(
    system: Instance, folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, Any]]:
    """The exit status of `make index`, and what it says."""
    status = index_folder([str(folder), "--json", "--prefix", "folder/", "--state", str(system.folder)])
    told = capsys.readouterr()
    assert status in (0, 1), told.err
    done: dict[str, Any] = json.loads(told.out)
    return status, done


@pytest.mark.timeout(300)
def test_a_folder_is_indexed_and_again_only_where_it_changed(
    parts: tuple[Instance, Engine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    system, _ = parts
    words = {f"folder/{number}.md": f"capstan{number:02}" for number in range(3)}
    for name, word in words.items():
        (tmp_path / Path(name).name).write_text(text_of(word))
    (tmp_path / ".hidden").write_text("not for anybody")

    status, first = run_index(system, tmp_path, capsys)

    assert status == 0
    assert (first["uploaded"], first["indexed"], first["left"]) == (3, 3, 0)
    assert first["ignored_files"] == {".hidden": "hidden"}

    words["folder/1.md"] = "bollard"
    (tmp_path / "1.md").write_text(text_of("bollard"))
    (tmp_path / "no.pdf").write_bytes(b"not a page")
    status, again = run_index(system, tmp_path, capsys)

    assert status == 1
    assert (again["uploaded"], again["unchanged"], again["indexed"], again["quarantined"]) == (2, 2, 3, 1)
    assert list(again["quarantine"].values()) == [["folder/no.pdf"]]
    assert_found_once(system, log_in(system, ADMIN), words)
