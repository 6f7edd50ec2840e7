"""What a file is, by what it holds and how it is called."""

from __future__ import annotations

import importlib

import pytest

from functions.knowledge.extraction.detect import DOCX, LANGUAGES, TYPES, FileType, detect, refined, suffix_of
from functions.knowledge.extraction.readable import Prose, SourceCode, Unreadable
from functions.knowledge.extraction.reading import read
from tests.unit.knowledge.extraction import files

MODULES = {"csharp": "c_sharp", "tsx": "typescript"}


@pytest.mark.parametrize(
    ("name", "body", "form"),
    [
        ("guide.md", b"# Guide", "markdown"),
        ("GUIDE.MARKDOWN", b"# Guide", "markdown"),
        ("page.htm", b"<p>page", "html"),
        ("terms.pdf", files.pages(b""), "pdf"),
        ("printed.pdf", b"\x1b%-12345X@PJL\n" + files.pages(b""), "pdf"),
        ("offer.docx", files.docx(""), "docx"),
        ("notes.txt", b"notes", "text"),
        ("a/b.c/LICENSE", b"Permission is granted", "text"),
        ("prices.csv", b"a,b", "text"),
        ("agent.yml", b"a: 1", "yaml"),
        ("agent.json", b"{}", "json"),
        ("tool.rs", b"fn main() {}", "code"),
        ("scan", files.pages(b""), "pdf"),
        ("offer", files.docx(""), "docx"),
    ],
)
def test_a_file_is_what_its_name_and_its_content_say(name: str, body: bytes, form: str) -> None:
    assert detect(body, name).form == form


@pytest.mark.parametrize(
    ("name", "body", "code", "says"),
    [
        ("picture.md", files.PNG, "wrong_type", "named .md but is a PNG picture"),
        ("invoice.pdf", files.PROGRAM, "wrong_type", "named .pdf but is a program"),
        ("notes.pdf", b"only notes", "wrong_type", "named .pdf but is no pdf file"),
        ("notes.docx", b"only notes", "wrong_type", "named .docx but is no docx file"),
        ("terms.md", files.pages(b""), "wrong_type", "named .md but is a PDF"),
        ("terms.docx", files.pages(b""), "wrong_type", "named .docx but is a PDF"),
        ("offer.txt", files.docx(""), "wrong_type", "named .txt but is a ZIP archive"),
        ("picture.png", files.PNG, "unknown_type", "Files named .png cannot be read"),
        ("odd.<script>", b"x", "unknown_type", "cannot be told from its name"),
        ("picture", files.PNG, "unknown_type", "The file is a PNG picture"),
        ("bundle", files.archive(["a.txt"]), "unknown_type", "The file is a ZIP archive"),
        ("empty.md", b"", "empty", "holds no text"),
    ],
)
def test_a_file_that_is_something_else_is_refused_by_what_it_is(
    name: str, body: bytes, code: str, says: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        detect(body, name)

    assert refused.value.code == code
    assert says in refused.value.reason
    assert refused.value.reason.endswith(".")


@pytest.mark.parametrize("name", ["page.md", "page.txt", "page"])
def test_a_web_page_is_one_by_any_name_of_a_text(name: str) -> None:
    page = read(
        b"<?xml version='1.0'?>\n<!-- made -->\n<!DOCTYPE html><p>Seen<script>hidden()</script>", name
    )

    assert page == Prose("text/html", "", "Seen")


def test_markdown_may_hold_html_and_stays_markdown() -> None:
    assert read(b"# A\n\n<details>x</details>", "a.md") == Prose(
        "text/markdown", "A", "# A\n\n<details>x</details>"
    )


@pytest.mark.parametrize(
    ("first", "language"),
    [
        ("#!/usr/bin/env python3", "python"),
        ("#!/bin/sh -e", "bash"),
        ("#!/usr/bin/env -S node", "javascript"),
        ("#!/usr/bin/ruby", "ruby"),
    ],
)
def test_a_script_without_an_ending_says_in_its_first_line_what_it_is(first: str, language: str) -> None:
    found = read(f"{first}\nx\n".encode(), "bin/tool")

    assert isinstance(found, SourceCode)
    assert found.language == language


def test_a_header_is_of_cpp_when_it_has_what_c_has_not() -> None:
    assert refined(TYPES[".h"], "#include <a>\nint f(void);\n").language == "c"
    assert refined(TYPES[".h"], "#include <a>\nnamespace a {\n}\n").language == "cpp"


def test_every_language_has_a_grammar() -> None:
    for language in LANGUAGES:
        assert importlib.import_module(f"tree_sitter_{MODULES.get(language, language)}")


def test_every_type_says_what_it_is() -> None:
    assert {kind.media_type for kind in TYPES.values()} >= {
        "text/markdown",
        "text/html",
        "application/pdf",
        DOCX,
    }
    assert all((kind.form == "code") == bool(kind.language) for kind in TYPES.values())
    assert TYPES[".py"] == FileType("code", "text/x-python", "python")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.tar.GZ", ".gz"), (".profile", ""), ("a/b.c/d", ""), ("a.", ""), ("..", ""), ("a.md ", ".md")],
)
def test_how_a_name_ends(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix
