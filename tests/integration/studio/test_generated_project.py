"""A generated project over a real socket, started as a developer would start it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from tests.unit.studio.project.making import make, write_out


def test_the_server_answers_and_shows_the_prototype(tmp_path: Path) -> None:
    project = write_out(make(), tmp_path / "project")
    (tmp_path / "index.html").write_text("<p>The prototype</p>", encoding="utf-8")
    base = [sys.executable, "-m", "quaymarket", "--database", str(tmp_path / "served.sqlite3")]
    environment = {"PYTHONPATH": str(project / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([*base, "seed"], env=environment, check=True, capture_output=True)
    command = [*base, "serve", "--port", "0", "--web", str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            with urlopen(address, timeout=10) as answer:
                assert answer.read() == b"<p>The prototype</p>"
            with urlopen(f"{address}api/lots/search?words=cod+north", timeout=10) as answer:
                lots = json.load(answer)
            assert [(lot["species"], lot["sea_area"]) for lot in lots] == [("Cod", "North Sea")]
        finally:
            server.terminate()
