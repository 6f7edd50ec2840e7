"""Unit tests reach nothing outside, and importing an adapter costs no client library."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.conftest import SocketOpened

_ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_a_unit_test_cannot_connect(family: socket.AddressFamily) -> None:
    with socket.socket(family) as connection, pytest.raises(SocketOpened):
        connection.connect(("127.0.0.1", 9) if family is socket.AF_INET else "/nowhere")


def test_a_unit_test_cannot_connect_to_a_database() -> None:
    import psycopg

    with pytest.raises(SocketOpened):
        psycopg.connect("host=/nowhere")


def test_no_key_of_the_machine_reaches_a_test() -> None:
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert not [name for name in os.environ if name.startswith(("ANTHROPIC_", "DATABASE_", "PG"))]


def test_importing_the_adapters_loads_no_client_library() -> None:
    modules = ["bus", "cache", "clock", "mail", "objects", "objects_memory", "secrets"]
    script = (
        "import sys\n"
        f"import {', '.join(f'shared.adapters.{name}' for name in modules)}\n"
        "print(sorted({'boto3', 'botocore', 'redis', 'psycopg', 'anthropic'} & set(sys.modules)))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
