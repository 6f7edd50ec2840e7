"""Answers to anything that is not a step of the pipeline.

Any JSON schema is filled from the prompt's words; without a schema the answer is a short text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from infra.local.model.language.inflection import capital, cut, listed
from infra.local.model.language.lexicon import STOP
from infra.local.model.language.tokens import clean, sentences, words

DEEPEST = 12
HINTS = re.compile(r"\{(.+)\}\s*$", re.DOTALL)
HINT = re.compile(
    r"(minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|minItems|maxItems|minLength|maxLength)"
    r": (-?\d+(?:\.\d+)?)"
)
FORMATS = {
    "date": "2026-12-01", "time": "09:30:00Z", "date-time": "2026-12-01T09:30:00Z", "email": "desk@company.example",
    "uri": "https://company.example/", "url": "https://company.example/", "hostname": "company.example",
    "uuid": "6f1c2f0e-5d0a-4b7e-9c55-0a6f3f2b1d10", "ipv4": "192.0.2.10", "ipv6": "2001:db8::10", "duration": "P7D",
}  # fmt: skip


def paragraph(text: str) -> str:
    """Return a short plain answer about the prompt's subject that says how it was made."""
    cleaned = clean(text)
    parts = sentences(cleaned)
    subject = listed(_terms(cleaned)[:4])
    if not parts:
        return "There was nothing to read in the message. (Drafted offline from rules.)"
    about = f" It turns on {subject}." if subject else ""
    return (
        f"You asked: “{cut(parts[0], 160)}”.{about} A sensible next step is to write down who needs it, what they "
        "do today, and one number that should change; then test that with three people before building. "
        "(Drafted offline from rules, without a language model.)"
    )


def _terms(text: str) -> list[str]:
    """The words of a text that carry meaning, each once, in order."""
    kept = dict.fromkeys(
        word.casefold() for word in words(text) if len(word) > 3 and word.casefold() not in STOP
    )
    return list(kept)


class Filler:
    """Fills a JSON schema with values of the right type made of a prompt's words."""

    def __init__(self, schema: Mapping[str, Any], text: str) -> None:
        self.root = schema
        cleaned = clean(text)
        self.terms = _terms(cleaned)[:200] or ["item"]
        self.sentences = [capital(cut(part, 240)) for part in sentences(cleaned)][:100]
        self.used = 0

    def fill(self) -> Any:
        """Return a value for the whole schema."""
        return self._value(self.root, "answer", 0)

    def _value(self, schema: Any, name: str, depth: int) -> Any:
        if not isinstance(schema, dict) or depth > DEEPEST:
            return self._text(name, {})
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._choice(schema["enum"])
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                return self._value(self._branch(schema[key]), name, depth + 1)
        if schema.get("allOf"):
            merged: dict[str, Any] = {}
            for part in schema["allOf"]:
                merged |= self._resolved(part)
            return self._value(merged, name, depth + 1)
        return self._typed(schema, name, depth)

    def _typed(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer" | "number":
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self._text(name, schema)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        for _ in range(DEEPEST):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                break
            found: Any = self.root
            for part in reference[2:].split("/"):
                found = found.get(part, {}) if isinstance(found, dict) else {}
            schema = found if isinstance(found, dict) else {}
        return {**_hints(schema.get("description")), **schema}

    def _branch(self, branches: list[Any]) -> Any:
        real = [one for one in branches if not (isinstance(one, dict) and one.get("type") == "null")]
        return (real or branches)[0]

    def _choice(self, values: list[Any]) -> Any:
        said = set(self.terms)
        return next((value for value in values if str(value).casefold() in said), values[0])

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = set(schema.get("required") or [])
        kept = {key: part for key, part in properties.items() if depth < DEEPEST - 4 or key in required}
        made = {key: self._value(part, key, depth + 1) for key, part in kept.items()}
        for key in required - set(made):
            made[key] = self._value({}, key, depth + 1)
        return made

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        most = schema.get("maxItems", 3)
        least = schema.get("minItems", 0)
        count = max(least, min(most, 3 if depth < 4 else 1))
        items = schema.get("items", {})
        made: list[Any] = []
        for number in range(min(count, 100)):
            value = self._value(items, name, depth + 1)
            if schema.get("uniqueItems") and value in made:
                options = self._resolved(items).get("enum") if isinstance(items, dict) else None
                left = [option for option in options or [] if option not in made]
                value = left[0] if left else f"{value} {number + 1}"
            made.append(value)
        return made

    def _text(self, name: str, schema: dict[str, Any]) -> str:
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        least, most = int(schema.get("minLength") or 0), int(schema.get("maxLength") or 4000)
        term = self.terms[self.used % len(self.terms)]
        self.used += 1
        if re.search(r"(^|_)(id|key|slug|code)$", name) or schema.get("pattern"):
            text = _patterned(str(schema.get("pattern") or ""), term, self.used)
        elif re.search(r"name|title|label|tag|keyword|category|subject", name):
            text = capital(
                f"{term} {self.terms[self.used % len(self.terms)]}" if len(self.terms) > 1 else term
            )
        elif self.sentences:
            text = self.sentences[self.used % len(self.sentences)].rstrip(".") + "."
        else:
            text = f"About {term}."
        text = text[:most]
        return (
            text
            if len(text) >= least
            else (text + " " + " ".join(self.terms) * (least // 4 + 1))[: max(least, 1)]
        )


def _hints(description: object) -> dict[str, Any]:
    """Read the limits that the SDK moves into a description ("{minimum: 3, maximum: 5}")."""
    found: dict[str, Any] = {}
    if isinstance(description, str):
        braces = HINTS.search(description)
        for key, value in HINT.findall(braces[1]) if braces else ():
            found[key] = float(value) if "." in value else int(value)
    return found


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    step = schema.get("multipleOf") or (1 if whole else 0.5)
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        low = 1 if high is None or high >= 1 else high - step
    value = math.ceil(low / step) * step
    if schema.get("exclusiveMinimum") is not None and value <= schema["exclusiveMinimum"]:
        value += step
    if high is not None and value > high:
        value = high if schema.get("exclusiveMaximum") is None else (low + high) / 2
    return int(value) if whole else float(value)


def _patterned(pattern: str, term: str, number: int) -> str:
    """Return a text for an identifier; the common patterns of prefixes, slugs and numbers are met."""
    plain = re.sub(r"[^a-z0-9]+", "-", term.encode("ascii", "ignore").decode()).strip("-") or "item"
    prefix = re.match(r"\^?([A-Za-z]+[-_])", pattern)
    head = prefix[1] if prefix else ""
    candidates = [
        f"{head}{number}",
        f"{head}{plain}",
        plain,
        plain.replace("-", "_"),
        plain.upper(),
        str(number),
        f"{number:04d}",
    ]
    candidates += [
        f"#{number * 4099 % 0x1000000:06x}",
        f"{plain.capitalize()}",
        f"v{number}.0.0",
        f"{number}.0.0",
    ]
    for candidate in candidates:
        try:
            if not pattern or re.search(pattern, candidate):
                return f"{plain}-{number}" if not pattern else candidate
        except re.error:
            break
    return plain


def fill(schema: Mapping[str, Any], text: str) -> str:
    """Return JSON text for `schema`, its values made of the words of `text`."""
    return json.dumps(Filler(schema, text).fill(), ensure_ascii=False)
