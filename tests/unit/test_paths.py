"""Which paths may name a file of a generated project, and which may not."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.paths import UnsafePath, check_path, check_paths

SAFE = [
    "README.md",
    "src/harbour/__init__.py",
    ".gitignore",
    ".gitattributes",
    ".github/workflows/ci.yml",
    "docs/größe.md",
    "docs/要件.md",
    "a b/c d.txt",
    "..notes",
    "git/hooks",
    "legit~1",
    "console.txt",
    "com10.txt",
    "common/null.py",
    "x" * 255,
    "/".join(["d"] * 64),
]

HOSTILE = {
    "empty": [""],
    "absolute": ["/etc/passwd", "//server/share/x", "/"],
    "drive": ["C:/x", "c:x", "C:"],
    "backslash": ["\\\\server\\share", "a\\b", "..\\x"],
    "empty segment": ["a//b", "a/", "a/b/"],
    "dots": [".", "..", "../x", "a/../b", "a/./b", "a/..", "./a"],
    "control": ["a\x00b", "a\nb", "a\tb", "\x7f", "a\x85b", "a\u2028b", "a\u2029"],
    "bidi": ["a\u202etxt.exe", "\u2066a", "a\u200f", "a\u061c", "\u2069x"],
    "zero width": [
        "a\u200bb",
        "a\u200d",
        "\ufeffa",
        "a\u2060",
        "a\u00adb",
        "a\ufe0f",
        "a\U000e0041",
        "a\u3164",
    ],
    "lone surrogate": ["a\ud800", "\udfff/b"],
    "separator by NFKC": ["a\uff0fb", "a\uff3cb", "\u2100", "a\ufe68b", "\u2105", "C\uff1ax", "a\ufe55b"],
    "dots by NFKC": ["\u2025/x", "\uff0e\uff0e/x", "\u2024\u2024", "\u2024/a", "a\u2026", "\ufe52"],
    ".git": [
        ".git",
        ".git/config",
        ".GIT/config",
        ".gIt",
        "a/.git/hooks/pre-commit",
        ".git.",
        ".git /x",
        ".git. . /x",
        "git~1",
        "GIT~1/config",
        "git~2",
        ".git::$INDEX_ALLOCATION/x",
        ".git:stream",
        ".g\u200cit",
        ".g\u00adit",
        "\uff0egit",
        ".\uff47\uff49\uff54",
        ".g\u0131t",
        "\u2024git/config",
    ],
    ".gitmodules": [".gitmodules", ".GitModules", "a/.gitmodules", ".gitmodules .", "GITMOD~1", "gi7eba~1"],
    "device": [
        "CON",
        "con.txt",
        "a/NUL",
        "nul.tar.gz",
        "PRN .txt",
        "aux.",
        "COM1.log",
        "lpt9",
        "COM\u00b9",
        "COM\u00b2.txt",
        "LPT\u00b3.x",
        "CONIN$",
        "conout$.txt",
        "CLOCK$",
        "\uff23\uff2f\uff2e",
    ],
    "windows character": ["a<b", "a>b", "a:b", 'a"b', "a|b", "a?b", "a*b"],
    "trailing": ["a.", "a ", "a/b. ", "dir./x", "dir /x", "a\u00a0", "a\u3000/b"],
    "segment over 255 bytes": ["x" * 256, "\u00e9" * 128],
    "path over 260": ["/".join(["x" * 130, "y" * 130])],
    "depth over 64": ["/".join(["d"] * 65)],
}


@pytest.mark.parametrize("path", SAFE, ids=ascii)
def test_a_plain_path_is_accepted_as_it_is(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    ("rule", "path"), [(rule, path) for rule, paths in HOSTILE.items() for path in paths], ids=ascii
)
def test_a_hostile_path_is_refused_with_a_sentence(rule: str, path: str) -> None:
    with pytest.raises(UnsafePath) as refused:
        check_path(path)
    message = str(refused.value)
    assert message.endswith(".")
    assert message.isascii()
    assert message.isprintable()


def test_a_path_of_exactly_260_bytes_passes() -> None:
    path = "/".join(["x" * 130, "y" * 129])
    assert check_path(path) == path


def test_a_decomposed_path_comes_back_composed() -> None:
    assert check_path("cafe\u0301.md") == "caf\u00e9.md"


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["a.txt", "a.txt"], "same file"),
        (["README.md", "readme.MD"], "same file"),
        (["stra\u00dfe", "STRASSE"], "same file"),
        (["caf\u00e9", "cafe\u0301"], "same file"),
        (["a", "a/b"], "folder"),
        (["a/b/c", "A/B"], "folder"),
        (["ok", "../x"], "dots"),
    ],
)
def test_a_set_that_no_disk_could_hold_is_refused(paths: list[str], words: str) -> None:
    with pytest.raises(UnsafePath, match=words):
        check_paths(paths)


def test_a_sound_set_is_accepted() -> None:
    check_paths(SAFE)
    check_paths(["a/b", "a/c", "ab", "a.b"])
    check_paths([])


EXOTIC = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("./\\: .~git1CONcon\u202e\u2024\uff0f")))


@given(EXOTIC)
def test_what_passes_is_stable_and_stays_inside(path: str) -> None:
    with suppress(UnsafePath):
        safe = check_path(path)
        assert check_path(safe) == safe == unicodedata.normalize("NFC", path)
        look_alike = unicodedata.normalize("NFKC", safe)
        assert look_alike.count("/") == safe.count("/")
        for segment in look_alike.split("/"):
            assert segment.rstrip(". ") == segment != ""
            assert segment.casefold() not in (".git", ".gitmodules", "git~1")
        assert not set('\\<>:"|?*') & set(safe)


@given(st.sampled_from(SAFE), st.sampled_from(HOSTILE[".git"]), st.booleans())
def test_a_hostile_segment_is_refused_wherever_it_stands(safe: str, hostile: str, before: bool) -> None:
    with pytest.raises(UnsafePath):
        check_path(f"{hostile}/{safe}" if before else f"{safe}/{hostile}")


@given(st.lists(st.sampled_from(["a", "A", "b", "a/b", "A/c", "b/c", "c"]), max_size=5))
def test_an_accepted_set_fits_a_disk_that_ignores_case(paths: list[str]) -> None:
    try:
        check_paths(paths)
    except UnsafePath:
        return
    folded = [path.casefold() for path in paths]
    assert len(set(folded)) == len(folded)
    assert not any(other.startswith(f"{path}/") for path in folded for other in folded)
