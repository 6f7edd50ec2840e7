"""The command that indexes a folder, before and after the work."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.index_folder import NOT_ASKED, main, parser


def test_without_a_system_the_command_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--state", str(tmp_path / "nothing")]) == NOT_ASKED
    assert "make up" in capsys.readouterr().err


def test_a_folder_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "missing")]) == NOT_ASKED
    assert "is no folder" in capsys.readouterr().err


def test_make_says_it_by_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FOLDER": "a b", "COLLECTION": "doc_chunks", "PREFIX": "notes/"}.items():
        monkeypatch.setenv(name, value)

    options = parser().parse_args([])

    assert (Path(options.path), options.collection, options.prefix) == (Path("a b"), "doc_chunks", "notes/")


def test_a_collection_that_takes_no_uploads_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["docs", "--collection", "market_comps"])

    assert "market_comps" in capsys.readouterr().err
