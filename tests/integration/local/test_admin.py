"""The command that makes the first administrator: what it says when it cannot."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.local import admin

PASSWORD = "harbour pilots sleep late"
ARGUMENTS = ["--email", "Ada.Lovelace+x@example.com", "--folder"]


class Api:
    """An API that answers every request the same, and keeps what it was sent."""

    def __init__(self) -> None:
        self.status, self.answer = 201, {"id": "1"}
        self.sent: list[tuple[str, Any]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                api.sent.append((self.path, json.loads(self.rfile.read(size))))
                body = json.dumps(api.answer).encode()
                self.send_response(api.status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def api() -> Iterator[Api]:
    """An API."""
    made = Api()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def folder(tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on which the API runs; the password comes by the standard input."""
    (tmp_path / "target.json").write_text(json.dumps({"url": api.url}))
    (tmp_path / "secrets.json").write_text(json.dumps({"bootstrap-key": "the-key"}))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    return tmp_path


def test_it_asks_with_the_key_and_says_how_to_log_in(
    folder: Path, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    assert admin.main([*ARGUMENTS, str(folder)]) == 0

    form = {
        "token": "the-key",
        "email": "Ada.Lovelace+x@example.com",
        "username": "ada.lovelace-x",
        "password": PASSWORD,
    }
    assert api.sent == [("/v1/bootstrap", form)]
    said = capsys.readouterr().out
    assert f"curl {api.url}/v1/sessions" in said
    assert "the-key" not in said
    assert PASSWORD not in said


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (409, {"detail": "There is one."}, "There is one. Log in as them"),
        (
            422,
            {"detail": "No.", "errors": [{"pointer": "/password", "detail": "is short"}]},
            "/password is short",
        ),
        (401, {"detail": "Not the key."}, "Not the key."),
    ],
)
def test_a_refusal_is_told_to_a_person(
    folder: Path,
    api: Api,
    capsys: pytest.CaptureFixture[str],
    status: int,
    answer: dict[str, Any],
    said: str,
) -> None:
    api.status, api.answer = status, answer

    assert admin.main([*ARGUMENTS, str(folder), "--username", "ada"]) == 1

    captured = capsys.readouterr()
    assert said in captured.err
    assert PASSWORD not in captured.out + captured.err


def test_where_nothing_runs_it_asks_for_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = io.StringIO(PASSWORD)
    monkeypatch.setattr("sys.stdin", source)

    assert admin.main([*ARGUMENTS, str(tmp_path)]) == 1

    assert "Start it with `make up`" in capsys.readouterr().err
    assert source.tell() == 0


def test_what_has_died_or_cannot_be_read_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "target.json").write_text(json.dumps({"url": "http://127.0.0.1:1"}))
    assert admin.main([*ARGUMENTS, str(folder)]) == 1
    assert "Nothing answers at http://127.0.0.1:1" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD))
    (folder / "secrets.json").write_text("{}")
    assert admin.main([*ARGUMENTS, str(folder)]) == 1
    assert "holds no bootstrap-key" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert admin.main([*ARGUMENTS, str(folder)]) == 1
    assert "without a password" in capsys.readouterr().err


class Terminal(io.StringIO):
    """A standard input that a person sits before."""

    def isatty(self) -> bool:
        return True


def test_at_a_terminal_a_password_is_typed_twice_without_an_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([PASSWORD, PASSWORD, PASSWORD, "another"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))

    assert admin.ask_password(Terminal()) == PASSWORD
    with pytest.raises(admin.NoAdmin, match="not the same"):
        admin.ask_password(Terminal())


@pytest.mark.parametrize(
    ("email", "username"),
    [
        ("ada@example.com", "ada"),
        ("Ada.Lovelace+x@example.com", "ada.lovelace-x"),
        ("+@example.com", "admin"),
        ("_a_@example.com", "admin"),
        (f"{'a' * 49}.b@example.com", "a" * 49),
    ],
)
def test_a_name_is_made_of_an_address(email: str, username: str) -> None:
    assert admin.username_of(email) == username
