"""Source code is cut by its functions and classes; nothing that was written is lost."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.knowledge import rebuild, service
from functions.knowledge.chunk import Chunk
from functions.knowledge.cutting import source
from functions.knowledge.cutting.languages import GRAMMARS
from functions.knowledge.cutting.source import cut_source
from functions.knowledge.cutting.text import CHUNK_CHARACTERS
from functions.knowledge.extraction.detect import LANGUAGES
from tests.unit.knowledge.cutting.samples import SAMPLES

PYTHON = SAMPLES["python"].text


def named(chunks: list[Chunk], name: str) -> list[Chunk]:
    return [chunk for chunk in chunks if chunk.payload.get("function_name") == name]


def lines_of(text: str) -> set[str]:
    """The lines that say something."""
    return {line.strip() for line in text.split("\n") if re.search(r"\w", line)}


def test_every_language_that_is_read_has_a_grammar_and_a_sample() -> None:
    assert SAMPLES.keys() == GRAMMARS.keys() == LANGUAGES.keys()


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_functions_and_classes_are_found_with_their_names_and_complexity(language: str) -> None:
    sample = SAMPLES[language]

    chunks = cut_source(language, sample.text)

    found = [chunk.payload for chunk in chunks if "function_name" in chunk.payload]
    # An implementation and what it implements have one name.
    assert {payload["function_name"]: payload.get("complexity") for payload in found} == sample.parts
    assert all(chunk.payload["imports"] == sample.imports for chunk in chunks)
    assert all(chunk.payload["language"] == language for chunk in chunks)


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_every_line_is_in_a_chunk_and_the_chunk_says_which_lines_it_has(language: str) -> None:
    text = SAMPLES[language].text
    lines = text.split("\n")

    chunks = cut_source(language, text)

    said = "\n".join(chunk.text for chunk in chunks)
    assert lines_of(text) <= lines_of(said)
    for chunk in chunks:
        first, last = chunk.payload["first_line"], chunk.payload["last_line"]
        within = "\n".join(lines[first - 1 : last])
        assert chunk.text.split("\n")[0].strip().removesuffix(" …") in within
        assert chunk.text.split("\n")[-1].strip().removesuffix(" …") in within


def test_a_method_is_a_chunk_with_what_stands_above_it() -> None:
    (chunk,) = named(cut_source("python", PYTHON), "Quota.settle")

    assert chunk.heading == "class Quota > settle"
    assert chunk.text.startswith(
        "    # Pays.\n    @traced\n    async def settle(self, due: int) -> int:  # soon\n"
    )
    assert chunk.text.endswith("        return 0")
    assert (chunk.payload["first_line"], chunk.payload["last_line"]) == (15, 24)


def test_a_class_is_its_head_with_the_signatures_of_its_members() -> None:
    (chunk,) = named(cut_source("python", PYTHON), "Quota")

    assert chunk.text == (
        '@final\nclass Quota(Base):\n    """A right to fish."""\n\n    tonnes: int = 0\n\n'
        "    async def settle(self, due: int) -> int: …\n    class Harbour: …"
    )
    assert "complexity" not in chunk.payload


@pytest.mark.parametrize(
    ("language", "name", "above"),
    [
        ("bash", "settle", "# Settles an invoice."),
        ("c", "settle", "/* Settles an invoice. */"),
        ("cpp", "harbour.Quota", "template <typename T>"),
        ("csharp", "Harbour.Quota", "    /// <summary>A quota.</summary>"),
        ("go", "Quota.Settle", "// Settle pays an invoice."),
        ("java", "Quota.settle", "    @Override"),
        ("javascript", "Offer", "export const Offer"),
        ("php", "Quota", "/** A quota. */"),
        ("ruby", "Harbour.Quota.settle", "    # Pays."),
        ("rust", "Quota", "/// A right to fish.\n#[derive(Debug)]"),
        ("typescript", "Harbour.Quota.settle", "    @traced()"),
    ],
)
def test_comments_and_attributes_belong_to_what_they_stand_above(
    language: str, name: str, above: str
) -> None:
    first = named(cut_source(language, SAMPLES[language].text), name)[0]

    assert first.text.startswith(above)


def test_a_long_function_is_cut_between_statements_and_says_its_signature_again() -> None:
    statements = [f"    total_{number} = harbour.settle(invoice, {number})" for number in range(60)]
    text = "\n".join(["@traced", "def settle(invoice):", '    """Pay."""', *statements, "", "", "x = 1"])

    chunks = named(cut_source("python", text), "settle")

    assert len(chunks) == 3
    assert chunks[0].text.startswith('@traced\ndef settle(invoice):\n    """Pay."""\n    total_0 =')
    assert all(chunk.text.startswith("def settle(invoice):\n    total_") for chunk in chunks[1:])
    assert [line for chunk in chunks for line in chunk.text.split("\n") if "total" in line] == statements
    assert [chunk.payload["first_line"] for chunk in chunks[1:]] == [
        chunk.payload["last_line"] + 1 for chunk in chunks[:-1]
    ]


def test_a_long_statement_is_cut_before_what_is_indented_least() -> None:
    inner = "\n".join(f"            pay(invoice_{number}, harbour, boat)" for number in range(20))
    loops = "\n".join(f"        for invoice_{number} in due:\n{inner}" for number in range(4))
    text = f"def settle(due):\n    with harbour:\n{loops}\n"

    chunks = cut_source("python", text)

    assert len(chunks) == 4
    assert all(chunk.text.startswith("def settle(due):\n        for invoice_") for chunk in chunks[1:])


def test_a_long_class_says_its_head_again() -> None:
    methods = "\n".join(f"    def settle_{n}(self, invoice, harbour):\n        return {n}" for n in range(60))

    chunks = named(cut_source("python", f"class Quota(Base):\n{methods}\n"), "Quota")

    assert len(chunks) == 3
    assert all(chunk.text.startswith("class Quota(Base):\n    def settle_") for chunk in chunks)


def test_the_rest_of_a_module_stands_together_where_it_is_small() -> None:
    text = "import os\n\ndef first(): ...\n\nLIMIT = 3\n\ndef second(): ...\n\n" + "\n".join(
        f"ENTRY_{number} = {number}" for number in range(40)
    )

    rest = [chunk for chunk in cut_source("python", text) if "function_name" not in chunk.payload]

    assert len(rest) == 1
    assert rest[0].text.startswith("import os\n\nLIMIT = 3")
    assert rest[0].heading == ""


def test_names_beyond_ascii_are_read_where_they_stand() -> None:
    text = '# ein Zähler — für Boote\nüber = "日本"\n\n\ndef zähle(böte):\n    return "🎣" and böte\n'

    chunks = cut_source("python", text)

    assert [chunk.payload.get("function_name") for chunk in chunks] == [None, "zähle"]
    assert chunks[1].text == 'def zähle(böte):\n    return "🎣" and böte'
    assert chunks[1].payload["complexity"] == 2


def test_what_is_broken_keeps_its_whole_functions() -> None:
    text = "def first(:\n    return )\n\n\ndef second():\n    return 1\n"

    chunks = cut_source("python", text)

    assert named(chunks, "second")[0].text == "def second():\n    return 1"
    assert lines_of(text) <= lines_of("\n".join(chunk.text for chunk in chunks))


def test_what_no_grammar_knows_is_cut_by_its_lines() -> None:
    block = "[harbour]\n" + "name = 'a harbour of the north'\n" * 20 + "\n"

    chunks = cut_source("toml", block * 3)

    assert all(chunk.text.startswith("[harbour]\n") for chunk in chunks)
    assert chunks[1].payload == {"language": "toml", "first_line": 23, "last_line": 43}


@pytest.mark.parametrize("language", sorted(GRAMMARS))
@pytest.mark.parametrize("written", ["(", "{", "if (a) { ", "function f() { class A { "], ids=str.split)
def test_deep_nesting_is_no_danger(language: str, written: str) -> None:
    chunks = cut_source(language, f"{written * 20_000}\nquota\n")

    assert any("quota" in chunk.text for chunk in chunks)


def test_nesting_without_brackets_is_no_danger() -> None:
    depth = 3_000
    ruby = "\n".join([*(f"class A{n}" for n in range(depth)), *(["end"] * depth)])
    binary = "total = " + " + ".join(f"part_{n}" for n in range(20_000))

    chunks = cut_source("ruby", ruby) + cut_source("python", binary)

    said = "\n".join(chunk.text for chunk in chunks)
    assert f"class A{depth - 1}" in said
    assert "part_19999" in said
    assert all(len(chunk.text) <= CHUNK_CHARACTERS for chunk in chunks)
    assert all(len(chunk.heading) <= 1000 for chunk in chunks)


def test_a_file_on_one_line_is_cut_all_the_same() -> None:
    text = "".join(f"function f{n}(a){{return a?{n}:f{n - 1}(a)}};" for n in range(500))

    chunks = cut_source("javascript", text)

    assert len(chunks) == 500
    assert chunks[7].text == "function f7(a){return a?7:f6(a)}"
    assert {chunk.payload["last_line"] for chunk in chunks} == {1}


CODE = st.lists(
    st.sampled_from(
        [
            *(
                "def f(a):\n",
                "  x = 1\n",
                "class A {\n",
                "class B:\n",
                "}\n",
                "(",
                ")",
                "\n",
                "# note\n",
                "// note\n",
            ),
            *(
                "/*",
                "*/",
                '"',
                "'",
                "`",
                "function g() {",
                "=> ",
                "é",
                "日本 ",
                " ",
                "if ",
                "&& ",
                "struct S {",
                "end\n",
            ),
            *(
                "fn x() {\n",
                "@d\n",
                "word " * 300,
                "b" * 1500,
                "import a\n",
                "namespace N {\n",
                "\t",
                "; ",
                "1",
            ),
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([*sorted(GRAMMARS), "toml"]), CODE)
def test_whatever_is_written_nothing_is_lost_and_no_chunk_is_too_long(language: str, text: str) -> None:
    chunks = cut_source(language, text)

    assert chunks == cut_source(language, text)
    assert all(chunk.text.strip() and len(chunk.text) <= CHUNK_CHARACTERS for chunk in chunks)
    said = set(re.findall(r"\w+", " ".join(chunk.text for chunk in chunks)))
    assert {word for word in re.findall(r"\w+", text) if len(word) < 300} <= said
    lines = text.split("\n")
    for chunk in chunks:
        assert 1 <= chunk.payload["first_line"] <= chunk.payload["last_line"] <= len(lines)


@pytest.mark.parametrize("module", [rebuild, service, source], ids=lambda module: module.__name__)
def test_our_own_code_is_cut_without_loss(module: ModuleType) -> None:
    text = Path(str(module.__file__)).read_text(encoding="utf-8")

    chunks = cut_source("python", text)

    assert {line for line in lines_of(text) if len(line) < 300} <= lines_of("\n".join(c.text for c in chunks))
