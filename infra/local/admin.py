"""`python -m infra.local admin`: makes the first administrator of the system that runs on this machine.

It asks the running system over HTTP, as anybody would who knows its bootstrap key, which it reads from the folder.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import sys
from pathlib import Path
from typing import TextIO

from infra.local.run.client import ApiProblem, Client

_SECRET = "bootstrap-key"  # noqa: S105  # the name of a secret


class NoAdmin(Exception):
    """There is no new administrator; the message is made for a person."""


def parser() -> argparse.ArgumentParser:
    """Return the command line; what is not given is read from EMAIL and FOLDER, as make sets them."""
    made = argparse.ArgumentParser(
        prog="python -m infra.local admin",
        description="Make the first administrator. The password is asked for, or read from the standard input.",
    )
    email = os.environ.get("EMAIL") or None
    made.add_argument("--email", default=email, required=email is None)
    made.add_argument("--username", help="default: made of the address")
    made.add_argument("--folder", type=Path, default=Path(os.environ.get("FOLDER") or ".local"))
    return made


def running_at(folder: Path) -> str:
    """Return the address of the system that runs on `folder`. Raises NoAdmin."""
    try:
        url = str(json.loads((folder / "target.json").read_text())["url"])
    except (OSError, ValueError, KeyError) as error:
        raise NoAdmin(f"Nothing runs on {folder}. Start it with `make up`, then come back.") from error
    return url


def key_of(folder: Path) -> str:
    """Return the bootstrap key of `folder`. Raises NoAdmin."""
    try:
        return str(json.loads((folder / "secrets.json").read_text())[_SECRET])
    except (OSError, ValueError, KeyError) as error:
        raise NoAdmin(f"{folder}/secrets.json holds no {_SECRET}, or you may not read it.") from error


def username_of(email: str) -> str:
    """Return a username made of an address: `Ada.Lovelace+x@example.com` → `ada.lovelace-x`."""
    local = email.partition("@")[0].lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", local).strip("._-")[:50].rstrip("._-")
    return name if len(name) > 1 else "admin"


def ask_password(source: TextIO) -> str:
    """Return a password: typed twice without an echo, or the first line of what is no terminal. Raises NoAdmin."""
    if not source.isatty():
        password = source.readline().rstrip("\r\n")
    else:
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            raise NoAdmin("The two are not the same.")
    if not password:
        raise NoAdmin("There is no administrator without a password.")
    return password


def make_admin(folder: Path, email: str, username: str, password: str) -> str:
    """Make the administrator; return the address of the system. Raises NoAdmin."""
    url, token = running_at(folder), key_of(folder)
    form = {"token": token, "email": email, "username": username, "password": password}
    try:
        Client(url).call("POST", "/v1/bootstrap", form)
    except ApiProblem as problem:
        if problem.status == 409:
            raise NoAdmin(
                f"{problem} Log in as them, or let them invite you: POST {url}/v1/invitations"
            ) from problem
        raise NoAdmin(str(problem)) from problem
    except OSError as error:
        raise NoAdmin(f"Nothing answers at {url}. Start it with `make up`, then come back.") from error
    return url


def main(arguments: list[str]) -> int:
    """Run the command; return the exit status."""
    options = parser().parse_args(arguments)
    username = options.username or username_of(options.email)
    try:
        running_at(options.folder)
        password = ask_password(sys.stdin)
        url = make_admin(options.folder, options.email, username, password)
    except NoAdmin as problem:
        print(problem, file=sys.stderr)
        return 1
    login = json.dumps({"email": options.email, "password": "…"}, ensure_ascii=False)
    print(
        f"{username} administers this system. Log in:\n\n"
        f"  curl {url}/v1/sessions -H 'content-type: application/json' -d '{login}'\n\n"
        f"The answer holds an access_token for `Authorization: Bearer …`. Mails are at {url}/_local/mail"
    )
    return 0
