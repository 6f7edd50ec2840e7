"""The harbour sample with markup, scripts and awkward text in every free text; still valid answers.

U+2028, U+2029 and line breaks cannot occur: the schemas refuse them in a single line.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

from shared.models.answers import ANSWERS as TYPES
from shared.models.answers import Answer, AnswerContext
from tests.samples import harbour

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><b>bold",
    "javascript:alert(1)",
    "{{7*7}} ${7*7} #{7*7}",
    "<!-- ]]> &lt;&amp; -->",
    "'; DROP TABLE lots; --",
    '=HYPERLINK("x") @SUM(1)',
    "👩‍🚀🇩🇰 e\u0301 ﷽",
    "\u202eعربي שלום",
)
LONG_WORD = "Quotenübertragungsgenehmigungsverfahrensordnung" * 2
REFERENCES = {
    "Action": {"requirement", "screen", "entity", "fields"},
    "Component": {"entity", "goes_to", "requirements"},
    "EntityField": {"name"},
    "EntitySpec": {"name", "rows"},
    "FunctionalRequirement": {"features"},
    "NavigationLink": {"from_screen", "to_screen"},
    "Scene": {"screen"},
    "Story": {"epic", "requirements", "depends_on"},
    "Claim": {"source"},
}


def mark(value: str, limit: int) -> str:
    """Return `value` behind a payload chosen by its text, within `limit` characters; empty stays empty."""
    if not value:
        return value
    payload = PAYLOADS[crc32(value.encode()) % len(PAYLOADS)]
    long = f" {LONG_WORD}" if limit >= 140 else ""
    return f"{payload} {value}{long}"[:limit].strip()


IDEA = f"{' '.join(PAYLOADS)} {harbour.IDEA}"
SECTOR = harbour.SECTOR
COMPARABLE_IDS = [mark(name, 120) for name in harbour.COMPARABLE_IDS]


def _hostile(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, dict):
        keep = REFERENCES.get(schema["title"], set())
        return {
            name: item if name in keep else _hostile(item, schema["properties"][name], root)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_hostile(item, schema["items"], root) for item in value]
    if isinstance(value, str) and "maxLength" in schema and "pattern" not in schema:
        return mark(value, schema["maxLength"])
    return value


def _row(values: list[str], kinds: list[str]) -> list[str]:
    made = []
    for value, kind in zip(values, kinds, strict=True):
        match kind:
            case "text" | "long_text" | "phone":
                made.append(mark(value, 200))
            case "email":
                made.append(f'"><img/src=x/onerror=alert(1)>{value}')
            case "choice":
                made.append(mark(value, 60))
            case "state":
                made.append(mark(value, 40))
            case _:
                made.append(value)
    return made


def answers() -> dict[str, dict[str, Any]]:
    """Return step → hostile answer as plain JSON."""
    made: dict[str, dict[str, Any]] = {}
    for step, plain in harbour.answers().items():
        schema = TYPES[step].model_json_schema()
        made[step] = _hostile(plain, schema, schema)
    for claim in made["research"]["claims"]:
        if claim["kind"] == "lead":
            claim["source"] = " ".join(PAYLOADS)
        elif claim["kind"] == "comparable":
            claim["source"] = mark(claim["source"], 120)
    labels = {entity["name"]: entity["label"] for entity in made["prototype"]["entities"]}
    for screen in made["design"]["screens"]:
        for part in screen["components"]:
            words = part["entity"].casefold().removesuffix("s")
            part["entity"] = next((text for name, text in labels.items() if words and words in name), "")
    for entity in made["prototype"]["entities"]:
        kinds = [field["type"] for field in entity["fields"]] + ["state"] * bool(entity["states"])
        entity["rows"] = [_row(row, kinds) for row in entity["rows"]]
    return made


ANSWERS: dict[str, Answer] = {step: TYPES[step].model_validate(made) for step, made in answers().items()}


def context() -> AnswerContext:
    """Return what the answers are checked against: the idea, its comparables and all answers."""
    return AnswerContext(idea=IDEA, sector=SECTOR, comparable_ids=list(COMPARABLE_IDS), answers=answers())
