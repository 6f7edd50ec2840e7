"""JSON and YAML: checked, kept as they are, agents recognised."""

from __future__ import annotations

import json

import pytest

from functions.knowledge.extraction.readable import Definition, Unreadable
from functions.knowledge.extraction.reading import read
from tests.unit.knowledge.extraction import files

AGENT = {
    "id": "market_analyst",
    "name": "Market analyst",
    "description": "Compares markets.",
    "category": "research",
    "version": "1.0.0",
    "capabilities": ["compare"],
    "system_prompt": "You compare.",
    "model": "default",
    "max_tokens": 100,
}
PROFILE = ";profile=agent-definition"


def as_yaml(fields: dict[str, object]) -> str:
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in fields.items())


def test_a_definition_keeps_its_text_and_has_the_title_it_gives_itself() -> None:
    assert read(b'{"name": "Retry", "a": [1]}', "a.json") == Definition(
        "application/json", "Retry", '{"name": "Retry", "a": [1]}'
    )
    assert read(b"# c\nname: Retry\ntitle: Better\n", "a.yml") == Definition(
        "application/yaml", "Better", "# c\nname: Retry\ntitle: Better\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a: !Ref b",
        "- &x a\n- *x",
        "---\na: 1\n---\nb: 2",
        "a: &x [*x]",
        "? [a, b]\n: c",
        "a: 2020-99-99",
        "plain",
    ],
)
def test_yaml_of_every_kind_is_read(text: str) -> None:
    assert read(text.encode(), "a.yaml") == Definition("application/yaml", "", text)


def test_an_agent_is_recognised_in_both_forms() -> None:
    unnamed = {name: value for name, value in AGENT.items() if name != "id"}

    assert read(json.dumps(AGENT).encode(), "a.json").media_type == "application/json" + PROFILE
    assert read(as_yaml(AGENT).encode(), "a.yaml").media_type == "application/yaml" + PROFILE
    # Its file names it.
    assert (
        read(as_yaml(unnamed).encode(), "agents/market_analyst.yaml").media_type
        == "application/yaml" + PROFILE
    )
    assert read(as_yaml(unnamed).encode(), "agents/Market Analyst.yaml").media_type == "application/yaml"
    assert read(as_yaml({**AGENT, "temper": 1}).encode(), "a.yaml").media_type == "application/yaml"
    assert read(json.dumps({**AGENT, "version": "new"}).encode(), "a.json").media_type == "application/json"


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a.yaml", files.yaml_bomb(9), "archive_bomb"),
        ("a.yaml", b"a: !!python/object/apply:os.system [ls]", "forbidden_part"),
        ("a.yaml", b"a: !<tag:yaml.org,2002:python/name:os.system> x", "forbidden_part"),
        ("a.yaml", b"[" * 100_000, "too_complex"),
        ("a.yaml", b"- " * 100_000, "too_complex"),
        ("a.yaml", b"a: [1\nb: 2", "damaged"),
        ("a.yaml", b"a: *unknown", "damaged"),
        ("a.yaml", b"\ta: 1", "damaged"),
        ("a.yaml", b"# only a comment", "empty"),
        ("a.json", b"[" * 100_000, "too_complex"),
        ("a.json", b'{"a":' * 100_000, "too_complex"),
        ("a.json", b'{"a": 1,}', "damaged"),
        ("a.json", b"[NaN]", "damaged"),
        ("a.json", b'["open', "damaged"),
        ("a.json", b'"' + b"\\" * 100_001, "damaged"),
        ("a.json", b" \n ", "empty"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_broken_or_hostile_data_is_refused(name: str, body: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(body, name)

    assert refused.value.code == code


@pytest.mark.parametrize("body", [b'["' + b"[" * 1000 + b'"]', b"9" * 10_000, b"1e999", b'{"a":1,"a":2}'])
def test_odd_json_is_read(body: bytes) -> None:
    assert read(body, "a.json").media_type == "application/json"


def test_a_title_of_lone_surrogates_can_be_stored() -> None:
    found = read(rb'{"title": "a\ud800\u0000\nb"}', "a.json")

    assert isinstance(found, Definition)
    assert found.title == "a\ufffd b"


def test_where_it_breaks_is_said() -> None:
    with pytest.raises(Unreadable, match="in line 3"):
        read(b"a: 1\nb: [2\nc: 3\n", "a.yaml")
    with pytest.raises(Unreadable, match="in line 2"):
        read(b'{"a": 1,\n "b" 2}', "a.json")
