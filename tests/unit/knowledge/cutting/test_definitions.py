"""JSON and YAML are cut by keys and items, agents by their parts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.knowledge.cutting.definitions import AGENT_PROFILE, cut_definition
from functions.knowledge.cutting.text import CHUNK_CHARACTERS

JSON, YAML = "application/json", "application/yaml"
LONG = "a right to catch fish in the north, " * 12
AGENT = {
    "name": "Harbour Clerk",
    "description": "Keeps the books of a harbour",
    "category": "harbours",
    "version": "1.0.0",
    "model": "claude-sonnet",
    "max_tokens": 4096,
    "capabilities": ["bookkeeping", "settlement"],
    "system_prompt": f"You keep books.\n\n# Rules\n\n{'Never lose an invoice. ' * 80}",
}


def test_a_short_file_is_one_chunk_as_it_was_written() -> None:
    text = '{"epics": ["Offer quota", "Settle invoices"]}'

    (chunk,) = cut_definition(JSON, text)

    assert (chunk.text, chunk.heading) == (text, "")
    assert chunk.payload == {"first_line": 1, "last_line": 1}


@pytest.mark.parametrize("media_type", [JSON, YAML])
@pytest.mark.parametrize("blank", ["", " \n", "{}", "[ ]"])
def test_what_says_nothing_has_no_chunks(media_type: str, blank: str) -> None:
    assert cut_definition(media_type, blank) == []


@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_cut_by_its_keys_and_small_ones_stand_together(indent: int | None) -> None:
    data = {
        "name": "Quota",
        "open": True,
        "north": {"text": LONG},
        "south": {"text": LONG},
        "west": {"text": LONG},
    }

    chunks = cut_definition(JSON, json.dumps(data, indent=indent))

    assert [chunk.heading for chunk in chunks] == ["", "north", "south", "west"]
    assert '"name": "Quota"' in chunks[0].text
    assert '"open": true' in chunks[0].text


def test_what_is_too_long_is_cut_by_what_it_holds_and_says_the_way_to_it() -> None:
    data = {"plan": {"epics": [{"title": f"Epic {number}", "text": LONG} for number in range(4)]}}

    chunks = cut_definition(JSON, json.dumps(data))

    assert [chunk.heading for chunk in chunks] == [f"plan > epics > {number}" for number in range(4)]
    assert chunks[2].text.startswith('plan > epics\n{"title": "Epic 2", "text": "a right')


def test_characters_that_json_escapes_are_written_out() -> None:
    (chunk,) = cut_definition(
        JSON, r'{"port": "K\u00f8benhavn \ud83c\udfa3", "half": "\ud83c", "end": "\u0000"}'
    )

    assert chunk.text == r'{"port": "København 🎣", "half": "\ud83c", "end": "\u0000"}'


def test_yaml_is_cut_by_its_keys_with_the_comments_above_them() -> None:
    north = f"# The north.\nnorth:\n  text: |\n    key: no key\n    {LONG}{LONG}\n"
    text = f"# All of them.\nname: Quota\n\n{north}south:\n- {LONG}\n"

    chunks = cut_definition(YAML, text)

    assert [chunk.heading for chunk in chunks] == ["name", "north", "south"]
    assert chunks[0].text == "# All of them.\nname: Quota"
    assert chunks[1].text.startswith("# The north.\nnorth:\n  text: |\n    key: no key\n")
    assert chunks[1].payload == {"first_line": 4, "last_line": 8}


def test_yaml_items_say_how_they_begin() -> None:
    text = "harbours:\n" + "".join(f"- name: port {number}\n  text: {LONG}\n" for number in range(4))

    chunks = cut_definition(YAML, text)

    assert [chunk.heading for chunk in chunks] == [f"harbours > - name: port {number}" for number in range(4)]


def test_an_alias_that_repeats_itself_a_billion_times_is_one_word() -> None:
    bomb = 'a: &a ["lol"]\n' + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )

    (chunk,) = cut_definition(YAML, bomb)

    assert chunk.text == bomb.strip()


@pytest.mark.parametrize("media_type", [JSON, YAML])
def test_deep_nesting_and_a_long_line_are_no_danger(media_type: str) -> None:
    deep = "[" * 100_000 + '"quota"' + "]" * 100_000
    one_line = json.dumps({"text": "word " * 100_000, "numbers": list(range(20_000))})

    for text in (deep, one_line):
        chunks = cut_definition(media_type, text)

        assert chunks
        assert all(len(chunk.text) <= CHUNK_CHARACTERS and len(chunk.heading) <= 1000 for chunk in chunks)


@pytest.mark.parametrize(
    ("media_type", "text"), [(JSON, json.dumps(AGENT)), (YAML, yaml.safe_dump(AGENT))], ids=["json", "yaml"]
)
def test_an_agent_is_cut_by_its_parts(media_type: str, text: str) -> None:
    chunks = cut_definition(f"{media_type};{AGENT_PROFILE}", text)

    assert [chunk.heading for chunk in chunks] == [
        "Harbour Clerk",
        "Harbour Clerk > System prompt",
        "Harbour Clerk > System prompt > Rules",
        "Harbour Clerk > System prompt > Rules",
    ]
    assert chunks[0].text == (
        "Harbour Clerk\n\nKeeps the books of a harbour\nCategory: harbours. Id: harbour_clerk, version 1.0.0.\n"
        "Capabilities: bookkeeping, settlement.\nModel: claude-sonnet, at most 4096 tokens."
    )
    for chunk in chunks:
        assert chunk.payload == {
            "title": "Harbour Clerk",
            "pattern_name": "harbour_clerk",
            "tags": ["bookkeeping", "settlement"],
        }


@pytest.mark.parametrize(
    "wrong", [{**AGENT, "tools": ["search"]}, {**AGENT, "version": "one"}, [AGENT], "agent"]
)
def test_what_is_no_agent_after_all_is_cut_by_its_keys(wrong: Any) -> None:
    chunks = cut_definition(f"{JSON};{AGENT_PROFILE}", json.dumps(wrong))

    assert chunks
    assert all(chunk.payload.keys() == {"first_line", "last_line"} for chunk in chunks)


WORDS = st.builds(
    "{} word{}".format, st.sampled_from(["", "long " * 90, 'é"\\\n', "- a: b"]), st.integers(0, 10**6)
)
DATA = st.recursive(
    WORDS | st.integers(0, 10**6) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.dictionaries(st.integers(0, 999).map("key{}".format), inner, max_size=8)
    ),
    max_leaves=40,
)


@settings(max_examples=100, deadline=None)
@given(DATA, st.sampled_from(["json", "pretty", "yaml"]))
def test_whatever_it_holds_nothing_is_lost_and_no_chunk_is_too_long(data: Any, form: str) -> None:
    text = yaml.safe_dump(data, allow_unicode=True)
    if form != "yaml":
        text = json.dumps(data, indent=1 if form == "pretty" else None)
    media_type = YAML if form == "yaml" else JSON

    chunks = cut_definition(media_type, text)

    assert chunks == cut_definition(media_type, text)
    assert all(chunk.text.strip() and len(chunk.text) <= CHUNK_CHARACTERS for chunk in chunks)
    said = set(re.findall(r"\w+", " ".join(chunk.text for chunk in chunks)))
    assert set(re.findall(r"(?:key|word)\d+", text)) <= said
