"""Passages in a prompt: data with an id each, which nothing they say can turn into anything else.

A passage is somebody else's text. It goes into a prompt as one line of JSON between two tags; whatever could close
its quotation, look like a tag or a fence, or hide from a reader's eye is written as a JSON escape. So an instruction
in a document stays a text about which the model is asked, and the ids say what an answer refers to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from shared.inert_json import inert

OPENING, CLOSING = "<passages>", "</passages>"
_TOKEN = re.compile(r"[A-Za-z]+|[^A-Za-z ]| {2,}")


class Quotable(Protocol):
    """A passage as far as a prompt shows it."""

    @property
    def name(self) -> str:
        """The name of its document."""
        ...

    @property
    def collection(self) -> str:
        """Where it is indexed."""
        ...

    @property
    def heading(self) -> str:
        """Where in its document it stands; may be blank."""
        ...

    @property
    def text(self) -> str:
        """What it says."""
        ...


def estimated_tokens(text: str) -> int:
    """Return how many tokens of a language model a text has at most, without asking the model's tokenizer.

    A word of ASCII letters counts a token for every three letters begun (English has about 4.5 characters a token),
    each digit and each sign one, a space none (it joins the next word), of several spaces each four one, any other
    character one less than its UTF-8 bytes: Greek 1, Chinese 2, an emoji 3. English prose, code and JSON come out at
    1.5 to 1.8 times what the WordPiece of MiniLM counts, Russian at 1.07 times, Japanese at 2.3 times.
    """
    return sum(_cost(part) for part in _TOKEN.findall(text))


def _cost(part: str) -> int:
    if part.isspace() and len(part) > 1:
        return -(-len(part) // 4)
    if part.isascii():
        return -(-len(part) // 3)
    return len(part.encode(errors="surrogatepass")) - 1


def passage_id(position: int) -> str:
    """Return the id by which a prompt names the passage at a position, from 0: p1, p2, …"""
    return f"p{position + 1}"


def quotation(passage: Quotable, position: int) -> Mapping[str, Any]:
    """Return a passage as the data that a prompt shows of it."""
    shown = {"id": passage_id(position), "document": passage.name, "collection": passage.collection}
    if passage.heading:
        shown["heading"] = passage.heading
    return {**shown, "text": passage.text}


def quoted(passages: Sequence[Quotable]) -> str:
    """Return passages as quoted data for a prompt: a line of JSON each, between `<passages>` and `</passages>`.

    No text can close the quotation, open a tag or a fence, or begin a line; each line read as JSON gives the passage
    back as it is. Ids follow the order: p1, p2, …
    """
    lines = [_line(quotation(passage, position)) for position, passage in enumerate(passages)]
    return "\n".join([OPENING, *lines, CLOSING])


def tokens_of(passages: Sequence[Quotable]) -> int:
    """Return how many tokens the passages have in a prompt at most, quotation marks and ids included."""
    return estimated_tokens(quoted(passages))


Q = TypeVar("Q", bound=Quotable)


def within_budget(passages: Sequence[Q], max_tokens: int) -> list[Q]:
    """Return those of the passages, best first, that fit into a prompt of so many tokens as `quoted` writes them.

    Each is taken whole or not at all; one that is too long leaves room for shorter ones after it.
    """
    room = max_tokens - tokens_of([])
    kept: list[Q] = []
    for passage in passages:
        cost = estimated_tokens(_line(quotation(passage, len(kept))) + "\n")
        if cost <= room:
            kept.append(passage)
            room -= cost
    return kept


def _line(data: Mapping[str, Any]) -> str:
    return inert(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
