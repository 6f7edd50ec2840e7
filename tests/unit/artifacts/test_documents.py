"""The PRD, the script, the captions and the market document of a careful and of a hostile project."""

import json
import re
from itertools import pairwise
from types import ModuleType

import pytest

from functions.agency.artifacts.market import market_document
from functions.agency.artifacts.prd import write_prd
from functions.agency.artifacts.script import cues, film_seconds, write_captions, write_script
from shared.models.answers import DemoAnswer, DesignAnswer, QualifyAnswer, ResearchAnswer, SpecifyAnswer
from tests.samples import harbour, hostile


def prd(sample: ModuleType) -> str:
    qualify, research, specify = (sample.ANSWERS[step] for step in ("qualify", "research", "specify"))
    assert isinstance(qualify, QualifyAnswer)
    assert isinstance(research, ResearchAnswer)
    assert isinstance(specify, SpecifyAnswer)
    return write_prd(
        name=qualify.project_name,
        tagline=qualify.tagline,
        idea=sample.IDEA,
        sector=sample.SECTOR,
        qualify=qualify,
        research=research,
        specify=specify,
        drafted_by="the offline drafter",
    )


def script(sample: ModuleType) -> str:
    demo, design = sample.ANSWERS["demo"], sample.ANSWERS["design"]
    assert isinstance(demo, DemoAnswer)
    assert isinstance(design, DesignAnswer)
    return write_script(name="Quaymarket", demo=demo, design=design, drafted_by="the offline drafter")


def structure(markdown: str) -> list[str]:
    """Return what each line is: heading and level, table row and cells, bullet, quote, text, nothing."""
    kinds = []
    for line in markdown.split("\n"):
        if found := re.match(r"#+ ", line):
            kinds.append(found.group())
        elif line.startswith("|"):
            kinds.append("row " + str(len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))))
        elif found := re.match(r"- (\*\*\w+:\*\*)?|>|\*\*\w+(:?)\*\*", line):
            kinds.append(found.group())
        else:
            kinds.append("text" if line else "")
    return kinds


@pytest.mark.parametrize("write", [prd, script])
def test_hostile_words_do_not_change_the_structure(write) -> None:
    assert structure(write(hostile)) == structure(write(harbour))


@pytest.mark.parametrize("write", [prd, script])
def test_hostile_words_leave_no_markup(write) -> None:
    text = write(hostile)
    assert "<" not in text
    assert not re.search(r"(?<!\\)[\[`]", text)
    assert not set(text) & set("\u202e\u2066\u200f")


def test_the_prd_has_its_sections_in_order() -> None:
    assert re.findall(r"^## (.+)$", prd(harbour), re.M) == [
        "Summary",
        "Problem",
        "Goals",
        "Audiences",
        "Features",
        "Functional requirements",
        "Non-functional requirements",
        "Out of scope",
        "Success metrics",
        "Market context",
        "Risks",
        "Open questions",
        "Traceability",
    ]


def test_every_requirement_stands_under_its_heading_with_actor_features_and_acceptance() -> None:
    body = prd(harbour).split("## Functional requirements\n")[1].split("\n## ")[0]
    parts = re.split(r"^### ", body, flags=re.M)[1:]
    requirements = harbour.SPECIFY.functional_requirements
    assert [part.split(":")[0] for part in parts] == [item.id for item in requirements]
    for part, item in zip(parts, requirements, strict=True):
        assert item.statement in part
        assert f"**Actor:** {item.actor}" in part
        assert all(feature in part for feature in item.features)
        assert all(f"- {sentence}" in part for sentence in item.acceptance)


def test_every_feature_is_traced_to_its_requirements() -> None:
    trace = prd(harbour).split("## Traceability\n")[1]
    for feature in harbour.QUALIFY.features:
        row = next(line for line in trace.split("\n") if f"| {feature.id}:" in line)
        covering = [
            item.id for item in harbour.SPECIFY.functional_requirements if feature.id in item.features
        ]
        assert ", ".join(covering) in row


def test_numbers_and_sources_are_in_the_prd() -> None:
    text = prd(harbour)
    assert "| 99.5 | percent a month |" in text
    assert "| Landings Desk (comp-a) |" in text
    assert "“let a broker in the city take ten percent”" in text
    assert "Drafted by the offline drafter" in text
    assert harbour.IDEA in text


def test_the_script_counts_time_without_gaps() -> None:
    times = re.findall(r"^## (\d\d):(\d\d)–(\d\d):(\d\d)", script(harbour), re.M)
    seconds = [(int(a) * 60 + int(b), int(c) * 60 + int(d)) for a, b, c, d in times]
    assert seconds[0] == (0, 2)
    assert seconds[-1][1] == film_seconds(harbour.DEMO) == 34
    assert all(end == start for (_, end), (start, _) in pairwise(seconds))
    assert len(seconds) == len(harbour.DEMO.scenes) + 2


def test_the_script_names_caption_and_narration_of_every_scene() -> None:
    text = script(harbour)
    for scene in harbour.DEMO.scenes:
        assert f"**Caption:** {scene.caption}" in text
        assert f"**Narration:** {scene.narration}" in text


def test_captions_are_webvtt_at_the_times_of_the_film() -> None:
    text = write_captions(harbour.DEMO)
    assert text.startswith("WEBVTT\n\n1\n00:00:02.000 --> 00:00:08.000\nEvery spare lot")
    assert text.count(" --> ") == len(cues(harbour.DEMO))


def test_captions_hold_no_markup() -> None:
    demo = hostile.ANSWERS["demo"]
    assert isinstance(demo, DemoAnswer)
    text = write_captions(demo)
    assert "<" not in text
    assert text.count("-->") == len(demo.scenes)


COMPARABLES = [
    {"id": "comp-a", "name": "Landings Desk", "pricing_model": "commission"},
    {"id": "comp-b", "product_name": "Fleetledger"},
    {"id": "comp-c", "name": "Coop Exchange"},
    {"id": "comp-z", "name": "Nobody cites it"},
]


def test_every_claim_has_a_resolved_source() -> None:
    document = market_document(harbour.RESEARCH, COMPARABLES, "the offline drafter")
    sources = {claim["id"]: claim["source"] for claim in document["claims"]}
    assert sources["C-1"] == {"type": "lead", "quote": "let a broker in the city take ten percent"}
    assert sources["C-3"] == {"type": "comparable", "id": "comp-b", "name": "Fleetledger"}
    assert sources["C-5"]["type"] == "assumption"
    assert [claim["kind"] for claim in document["claims"]] == [
        claim.kind for claim in harbour.RESEARCH.claims
    ]


PASSAGES = [
    {"id": "K-1", "document": "harbour-rules.pdf", "heading": "Fees", "text": "Each landing costs a fee."}
]


def cites_a_document() -> ResearchAnswer:
    claims = [harbour.RESEARCH.claims[0].model_copy(update={"kind": "document", "source": "K-1"})]
    return harbour.RESEARCH.model_copy(update={"claims": [*claims, *harbour.RESEARCH.claims[1:]]})


def test_a_claim_from_a_document_names_it_and_the_place_in_it() -> None:
    document = market_document(cites_a_document(), COMPARABLES, "the offline drafter", PASSAGES)

    assert document["claims"][0]["source"] == {
        "type": "document",
        "name": "harbour-rules.pdf",
        "heading": "Fees",
    }


def test_a_passage_that_was_not_retrieved_is_refused() -> None:
    with pytest.raises(ValueError, match="not retrieved are cited: K-1"):
        market_document(cites_a_document(), COMPARABLES, "the offline drafter")
    assert cites_a_document().problems(harbour.context()) == [
        "C-1 cites K-1, a passage that was not retrieved"
    ]


def test_the_market_document_lists_only_what_it_cites_and_is_json() -> None:
    document = market_document(harbour.RESEARCH, COMPARABLES, "the offline drafter")
    assert [item["id"] for item in document["comparables"]] == ["comp-a", "comp-b", "comp-c"]
    assert document["comparables"][0]["pricing_model"] == "commission"
    assert json.loads(json.dumps(document)) == document
    assert document["drafted_by"] == "the offline drafter"


def test_a_comparable_that_was_not_retrieved_is_refused() -> None:
    with pytest.raises(ValueError, match="not retrieved are cited: comp-c"):
        market_document(harbour.RESEARCH, COMPARABLES[:2], "the offline drafter")
