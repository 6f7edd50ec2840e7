"""Inflection and the parser: what a reader would say an idea is about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.model.language.inflection import a, capital, cut, listed, plural, possessive, singular, trim
from infra.local.model.language.lexicon import PEOPLE, VERBS
from infra.local.model.language.parser import parse
from infra.local.model.phrases import Noun, Words
from infra.local.model.quotes import quotes
from tests.unit.model.chain import checked_kit


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("child", "children"),
        ("city", "cities"),
        ("bus", "buses"),
        ("lot of quota", "lots of quota"),
        ("lab equipment", "lab equipment"),
        ("craftsperson", "craftspeople"),
        ("market woman", "market women"),
        ("day", "days"),
        ("brush", "brushes"),
        ("clinic", "clinics"),
        ("dog walking", "dog walking"),
        ("meeting", "meetings"),
        ("knife", "knives"),
        ("analysis", "analyses"),
    ],
)
def test_plurals_and_back(one: str, many: str) -> None:
    assert plural(one) == many
    assert singular(many) == one
    assert plural(many) == many


@pytest.mark.parametrize(
    ("phrase", "article"),
    [
        ("university", "a university"),
        ("hour", "an hour"),
        ("SME", "an SME"),
        ("NHS trust", "an NHS trust"),
        ("X-ray", "an X-ray"),
        ("European bank", "a European bank"),
        ("urban farm", "an urban farm"),
        ("elderly patient's task", "an elderly patient's task"),
        ("lab equipment", "lab equipment"),
        ("skippers", "skippers"),
    ],
)
def test_articles(phrase: str, article: str) -> None:
    assert a(phrase) == article


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=80))
def test_inflection_takes_any_text(text: str) -> None:
    for function in (plural, singular, a, capital, possessive):
        assert isinstance(function(text), str)
    assert len(cut(text, 20)) <= 20
    assert len(trim(text, 20)) <= 20
    assert listed([text, "b", "c"]).endswith("b and c")


def test_slots_take_the_full_phrase_first_and_agree_in_number() -> None:
    words = Words({"main": Noun("neighbour's tool", "tool", "neighbour"), "object": Noun("tool", "tool")})
    assert words.fill("{a main} and another {main}", full=True) == "A neighbour's tool and another tool"
    assert words.fill("find {mains}", full=True) == "Find neighbours' tools"
    assert words.fill("{objects} <is/are> idle") == "Tools are idle"
    with pytest.raises(KeyError):
        words.fill("{nobody}")


@pytest.mark.parametrize(
    ("idea", "found"),
    [
        ("Fishing-quota exchange for small harbours", {"object": "fishing quota", "activity": "exchange"}),
        ("Marketplace for second-hand lab equipment", {"object": "second-hand lab equipment"}),
        (
            "Telemedicine app for rural areas",
            {"object": "", "activity": "telemedicine", "place": "rural areas"},
        ),
        ("AI-powered expense tracking", {"object": "expense", "qualifiers": ("ai-powered",)}),
        ("Sharing tools between neighbours", {"object": "tool"}),
        ("Plattform für Nachbarschaftshilfe", {"object": "Nachbarschaftshilfe"}),
        ("Wound photo diary", {"object": "wound photo", "activity": "diary"}),
        (
            "A platform where retired teachers tutor refugee children in maths",
            {"verb": "tutor", "topic": "maths", "counterpart": "refugee child"},
        ),
        (
            "I want to build an app that helps beekeepers track hive health",
            {"object": "hive health", "verb": "track"},
        ),
    ],
)
def test_the_parser_finds_things_activities_and_topics(idea: str, found: dict[str, object]) -> None:
    parsed = parse(idea)
    assert {key: getattr(parsed, key) for key in found} == found


def test_the_parser_finds_people_and_what_they_do() -> None:
    parsed = parse(
        "Skippers often sit on quota. We want a board where a skipper offers a lot of quota, "
        "the harbour office confirms the transfer and the regulator gets the file."
    )
    assert [(clause.subject, clause.verb, clause.rest) for clause in parsed.clauses] == [
        ("skipper", "offer", "a lot of quota"),
        ("harbour office", "confirm", "the transfer"),
        ("regulator", "get", "the file"),
    ]
    assert [one.phrase for one in parsed.audiences][:1] == ["skipper"]


def test_what_the_lead_says_people_do_is_in_the_features_with_its_words() -> None:
    kit, problems = checked_kit(
        "CRM for dog sitters. Owners approve photos. Sitters can send invoices.", "saas"
    )
    assert problems == {}
    features = {feature["name"]: feature for feature in kit["qualify"]["features"]}
    assert features["Approve photos"]["actor"] == "Owner"
    described = " ".join(one["description"].casefold() for one in features.values())
    assert "“sitters can send invoices”" in described


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from(sorted(PEOPLE)),
            st.sampled_from(["can", "will", ""]),
            st.sampled_from(sorted(VERBS)),
            st.sampled_from(
                ["old maps", "the file", "it online", "their neighbours", "a <b>bold</b> claim", "{x}"]
            ),
            st.sampled_from([", ", " and ", ". ", " so that "]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_clauses_of_known_people_and_verbs_give_eight_valid_answers(parts: list[tuple[str, ...]]) -> None:
    idea = "An app where " + "".join(
        f"{who} {may} {verb} {what}{joint}" for who, may, verb, what, joint in parts
    )
    assert checked_kit(idea, "other")[1] == {}


@settings(max_examples=100, deadline=None)
@given(idea=st.text(max_size=300))
def test_quotes_are_the_leads_exact_words(idea: str) -> None:
    for _, quote in quotes(idea):
        assert quote in " ".join(idea.split())
