"""Step 2: the market analysis; every claim says where it comes from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.models.answers.base import (
    Answer,
    AnswerContext,
    Name,
    Part,
    Sentence,
    faults,
    not_in,
    repeated,
)
from shared.models.base import line


class Claim(Part):
    """A statement about the market and its source.

    `source` is the id of a retrieved comparable, the id of a retrieved passage of a document, the words of the lead
    quoted exactly, or why it is assumed.
    """

    id: Annotated[str, line(6)] = Field(pattern=r"^C-[1-9][0-9]?$")
    text: Sentence
    kind: Literal["comparable", "document", "lead", "assumption"]
    source: Sentence


class Competitor(Part):
    """A comparable product of the retrieved ones and what it teaches."""

    comparable_id: Name
    name: Name
    offer: Sentence
    strength: Sentence
    gap: Sentence = Field(description="what it leaves open for this idea")


class ResearchAnswer(Answer):
    """The market analysis of an idea."""

    summary: Annotated[str, line(800)]
    competitors: list[Competitor] = Field(min_length=3, max_length=8)
    claims: list[Claim] = Field(min_length=4, max_length=20)
    positioning: Sentence
    opportunities: list[Sentence] = Field(min_length=2, max_length=6)
    threats: list[Sentence] = Field(min_length=1, max_length=6)
    pricing: Sentence

    def problems(self, given: AnswerContext) -> list[str]:
        """Competitors were retrieved; claims cite a comparable, a passage or the lead's own words."""
        found = faults(
            "competitors that were not retrieved",
            not_in((item.comparable_id for item in self.competitors), given.comparable_ids),
        )
        found += faults("competitors repeated", repeated(item.comparable_id for item in self.competitors))
        found += faults("claim ids repeated", repeated(claim.id for claim in self.claims))
        idea = " ".join(given.idea.split()).casefold()
        for claim in self.claims:
            if claim.kind == "comparable" and claim.source not in given.comparable_ids:
                found.append(f"{claim.id} cites {claim.source}, which was not retrieved")
            if claim.kind == "document" and claim.source not in given.passage_ids:
                found.append(f"{claim.id} cites {claim.source}, a passage that was not retrieved")
            if claim.kind == "lead" and " ".join(claim.source.split()).casefold() not in idea:
                found.append(f"{claim.id} quotes words that the lead did not write")
        return found
