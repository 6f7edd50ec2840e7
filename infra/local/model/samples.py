"""Sample rows that look like a Tuesday in the life of the product: names, places, dates and amounts that fit.

A field's maker says where its values come from: `item` and `kinds` (the topic), `person` and `party`, `places`,
`place`, `ref` (a row of the main thing), `email`, `phone`, `amount:1..9`, `price:1..9` (the topic's range when it has
one), `range:1..9 unit`, `date` as `+3..+40` days, `time` as `08:00..18:00`, `a/b/c` for choices, texts with `;`.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from datetime import date, timedelta
from random import Random
from typing import Any

from infra.local.model.language.inflection import capital
from infra.local.model.library import FieldLine, ThingLine, Topic, pools
from infra.local.model.phrases import Words

FIRST_DAY = date(2026, 12, 1)
RANGE = re.compile(
    r"^(?:(?P<source>\w+):)?(?P<low>[-+]?\d+(?:\.\d+)?)\.\.(?P<high>[-+]?\d+(?:\.\d+)?)(?: (?P<unit>\S.*))?$"
)
FALLBACK_KINDS = ("Small", "Medium", "Large", "Special")


def identifier(text: str, fallback: str) -> str:
    """Return `text` as snake_case ASCII of at most 40 characters, starting with a letter; else `fallback`."""
    plain = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("ß", "ss").replace("æ", "ae"))
    snake = re.sub(r"[^a-z0-9]+", "_", plain.encode("ascii", "ignore").decode().lower()).strip("_")
    snake = snake[:40].rstrip("_")
    letters = sum(character.isalpha() for character in text)
    if not snake or not snake[0].isalpha() or len(snake) < letters / 2:
        return fallback
    return f"{snake}_value" if snake in ("id", "state") else snake


def reference_day(seed: int) -> date:
    """Return the working day the samples are made around: from December 2026 to March 2027, fixed for an idea."""
    day = FIRST_DAY + timedelta(days=seed % 110)
    return day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)


class Samples:
    """Makes the entities of a blueprint, with their fields and rows; the same seed gives the same rows."""

    def __init__(self, words: Words, topic: Topic | None, place: str, seed: int) -> None:
        self.words = words
        self.topic = topic
        self.random = Random(seed)  # noqa: S311 - sample data, not a secret
        self.today = reference_day(seed)
        names = pools()
        given = self.random.sample(names["given"], 16)
        family = self.random.sample(names["family"], 16)
        self.people = [f"{first} {last}" for first, last in zip(given, family, strict=True)]
        self.members = self.people[:5]
        self.places = self.random.sample(names["places"], 5)
        self.place = place
        self.titles: list[str] = []
        self.prices: list[float] = []

    def blended(self, words: Words) -> Samples:
        """Return these samples with the nouns of another archetype: the same people, places and rows to refer to."""
        other = copy.copy(self)
        other.words = words
        return other

    def entity(self, key: str, line: ThingLine, name: str) -> dict[str, Any]:
        """Return an entity as in the answer of `prototype`; call for `main` first, because others refer to it."""
        noun = self.words[key]
        fields = self._fields(line)
        states = list(line.states)
        count = {"main": 6, "party": 5}.get(key, 5)
        rows = [self._row(key, line.fields, fields, number) for number in range(count)]
        if key == "main":
            self.titles = [self._title(line.fields, fields, row) for row in rows]
            money = next((n for n, field in enumerate(fields) if field["type"] == "money"), None)
            self.prices = [float(row[money]) for row in rows] if money is not None else []
        if states:
            order = [0, 1, 1, 2, 0, 3, 1, 2] if len(states) > 2 else [0, 1, 0, 0, 1, 0]
            for number, row in enumerate(rows):
                row.append(states[min(order[number], len(states) - 1)])
        return {
            "name": name,
            "label": capital(noun.short)[:60],
            "plural": capital(noun.phrase(full=False, many=True))[:60],
            "description": self.words.fill(line.about, full=True),
            "fields": fields,
            "states": states,
            "rows": rows,
        }

    def _fields(self, line: ThingLine) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for number, item in enumerate(line.fields, 1):
            label = self.label(item)
            if any(other["label"] == label for other in made):
                label = item.label
            name = identifier(label, f"field_{number}")
            while any(other["name"] == name for other in made):
                name = f"{name[:37]}_{number}"
            low, high, unit = self.limits(item)
            made.append(
                {
                    "name": name,
                    "label": label[:60],
                    "type": item.type,
                    "required": item.required,
                    "choices": self._choices(item) if item.type == "choice" else [],
                    "minimum": min(0.0, low) if item.type in ("number", "money") else None,
                    "maximum": round(high * 20, 2) if item.type in ("number", "money") else None,
                    "unit": unit[:20],
                }
            )
        return made

    def label(self, item: FieldLine) -> str:
        """The label of a field: the topic's own word for kinds, amounts and prices, else the archetype's."""
        if self.topic and item.maker.startswith("kinds"):
            return self.topic.label
        if self.topic and self.topic.price_label and item.maker.startswith("price:"):
            return self.topic.price_label if item.label.startswith("Price per") else item.label
        return self.words.fill(item.label)

    def limits(self, item: FieldLine) -> tuple[float, float, str]:
        """The range of sample values of a number and its unit."""
        match = RANGE.match(item.maker)
        if item.type not in ("number", "money") or not match:
            return 0.0, 0.0, ""
        low, high = float(match["low"]), float(match["high"])
        unit = match["unit"] or ("EUR" if item.type == "money" else "")
        if self.topic and match["source"] == "amount" and self.topic.amount:
            low, high = self.topic.amount
            unit = self.topic.unit
        if self.topic and match["source"] == "price" and self.topic.price:
            low, high = self.topic.price
        return low, high, unit

    def _choices(self, item: FieldLine) -> list[str]:
        if item.maker == "places":
            return list(self.places)
        if item.maker.startswith("kinds"):
            fallback = tuple(item.maker.partition(":")[2].split("/")) if ":" in item.maker else FALLBACK_KINDS
            return [capital(kind)[:60] for kind in (self.topic.kinds if self.topic else fallback)]
        return [self.words.fill(part.strip())[:60] for part in item.maker.split("/")]

    def _title(self, lines: tuple[FieldLine, ...], fields: list[dict[str, Any]], row: list[str]) -> str:
        """How other rows refer to this one: its name, or its kind and amount."""
        if lines[0].type == "text":
            return row[0]
        parts = []
        for field, value in zip(fields[:3], row, strict=False):
            if field["type"] in ("choice", "text", "date"):
                parts.append(value)
            elif field["type"] == "number":
                parts.append(f"{value} {field['unit']}".strip())
        return ", ".join(parts[:2])

    def _row(
        self, key: str, lines: tuple[FieldLine, ...], fields: list[dict[str, Any]], number: int
    ) -> list[str]:
        person = (self.members if key == "party" else self.people[5:])[number % (5 if key == "party" else 11)]
        values = []
        for line, field in zip(lines, fields, strict=True):
            values.append(self._value(key, line, field, number, person)[:200])
        return values

    def _value(self, key: str, line: FieldLine, field: dict[str, Any], number: int, person: str) -> str:
        maker = line.maker
        match line.type:
            case "choice" if self.topic and maker.startswith("kinds") and key == "main":
                return str(field["choices"][self.topic.of_kinds[number % len(self.topic.of_kinds)]])
            case "choice":
                return str(field["choices"][(number * 2 + len(line.label)) % len(field["choices"])])
            case "number" | "money":
                return self._number(line, number if key == "item" else None)
            case "date":
                low, high = (int(part) for part in maker.split(".."))
                return (self.today + timedelta(days=self.random.randint(low, high))).isoformat()
            case "time":
                start, end = (int(part[:2]) for part in maker.split(".."))
                return f"{self.random.randint(start, end):02d}:{self.random.choice((0, 15, 30, 45)):02d}"
            case "boolean":
                return "true" if (number + len(line.label)) % 3 else "false"
            case "email":
                plain = (
                    unicodedata.normalize("NFKD", person).encode("ascii", "ignore").decode().lower().split()
                )
                return f"{plain[0]}@{plain[-1]}.example"
            case "phone":
                return f"+49 1{self.random.randint(51, 79)} 555 {self.random.randint(1000, 9999)}"
        return self._text(line, number, person)

    def _number(self, line: FieldLine, refers: int | None) -> str:
        """A number in the line's range; what is agreed about a row of the main thing stays near that row's price."""
        low, high, _ = self.limits(line)
        if refers is not None and line.type == "money" and line.maker.startswith("price:") and self.prices:
            return f"{self.prices[refers * 2 % len(self.prices)] * self.random.choice((0.9, 0.95, 1.0)):.2f}"
        value = self.random.uniform(low, high)
        if line.type == "money":
            return f"{value:.2f}" if high < 100 else f"{5 * max(1, round(value / 5)):.2f}"
        return (
            f"{value:.1f}"
            if low != int(low) or (high < 10 > 3 and low < 1)
            else str(max(round(value), round(low)))
        )

    def _text(self, line: FieldLine, number: int, person: str) -> str:
        match line.maker:
            case "person":
                return person
            case "party":
                return self.members[(number * 2) % 5]
            case "place":
                return self.places[number % 5]
            case "ref":
                return (
                    self.titles[(number * 2) % len(self.titles)] if self.titles else self.places[number % 5]
                )
            case "item":
                return self._item(number)
        texts = [part.strip() for part in line.maker.split(";")]
        text = texts[number % len(texts)]
        return self.words.fill(text) if text else ""

    def _item(self, number: int) -> str:
        if self.topic:
            return capital(self.topic.items[number % len(self.topic.items)])
        thing = capital(self.words["object"].short)
        return (
            f"{thing}, {self.places[number % 5]}"
            if number < 5
            else f"{thing} no. {self.random.randint(12, 48)}"
        )
