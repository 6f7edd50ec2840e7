"""One rule per kind of field: how a value is read, checked, stored as text and shown in JSON.

A value may arrive as text (a form, a CSV file, the database), as a JSON value or as the Python type itself.
`None` and blank text mean "not given".
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

MAX_TEXT = 400
MAX_LONG_TEXT = 20_000
MAX_EXPONENT = 400


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """What a field is called and whether it must be given."""

    name: str
    label: str
    required: bool = True

    def parse(self, value: object) -> Any:
        """Return the checked value, or None when it is not given; ValueError says what is wrong."""
        if value is None or (isinstance(value, str) and not value.strip()):
            if self.required:
                raise ValueError(f"{self.label} is required.")
            return None
        return self.read(value.strip() if isinstance(value, str) else value)

    @abstractmethod
    def read(self, value: object) -> Any:
        """Return `value`, which is given, in the type of the field; ValueError says what is wrong."""

    def to_text(self, value: Any) -> str:
        """Return the text that `parse` reads back as `value`; empty when it is None."""
        return "" if value is None else str(value)

    def to_json(self, value: Any) -> str | bool | None:
        """Return what JSON shows; numbers are text there, because JSON has no exact decimals."""
        return None if value is None else self.to_text(value)


@dataclass(frozen=True, kw_only=True)
class Text(Rule):
    """A text without control characters; a long one may have line breaks."""

    long: bool = False

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{self.label} must be text.")
        limit = MAX_LONG_TEXT if self.long else MAX_TEXT
        if len(value) > limit:
            raise ValueError(f"{self.label} must have at most {limit} characters.")
        allowed = "\n\r\t" if self.long else ""
        if any(_is_unstorable(character) and character not in allowed for character in value):
            raise ValueError(f"{self.label} must not contain control characters.")
        return value


@dataclass(frozen=True, kw_only=True)
class Email(Text):
    """An address with one @ and something on both sides; whether it is read, only a mail can tell."""

    def read(self, value: object) -> str:
        address = super().read(value)
        local, _, domain = address.partition("@")
        if not local or not domain or "@" in domain or " " in address:
            raise ValueError(f"{self.label} must be an e-mail address.")
        return address


@dataclass(frozen=True, kw_only=True)
class Choice(Rule):
    """One of a fixed list of texts."""

    choices: tuple[str, ...]

    def read(self, value: object) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise ValueError(f"{self.label} must be one of: {', '.join(self.choices)}.")
        return value


@dataclass(frozen=True, kw_only=True)
class Number(Rule):
    """An exact decimal number, in `unit`, from `minimum` to `maximum`."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    unit: str = ""

    def read(self, value: object) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise ValueError(f"{self.label} must be a number.")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ValueError(f"{self.label} must be a number of ordinary size.")
        try:
            number = Decimal(value)
        except (InvalidOperation, ValueError):
            raise ValueError(f"{self.label} must be a number.") from None
        if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
            raise ValueError(f"{self.label} must be a number of ordinary size.")
        if self.minimum is not None and number < self.minimum:
            raise ValueError(f"{self.label} must be at least {self.minimum}.")
        if self.maximum is not None and number > self.maximum:
            raise ValueError(f"{self.label} must be at most {self.maximum}.")
        return number


@dataclass(frozen=True, kw_only=True)
class Date(Rule):
    """A calendar date, written YYYY-MM-DD."""

    def read(self, value: object) -> dt.date:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            raise ValueError(f"{self.label} must be a date such as 2026-12-31.") from None


@dataclass(frozen=True, kw_only=True)
class Time(Rule):
    """A time of day, written HH:MM."""

    def read(self, value: object) -> dt.time:
        if isinstance(value, dt.time):
            return value
        try:
            return dt.time.fromisoformat(str(value))
        except ValueError:
            raise ValueError(f"{self.label} must be a time such as 18:30.") from None

    def to_text(self, value: Any) -> str:
        if value is None:
            return ""
        return str(value.isoformat("auto" if value.second or value.microsecond else "minutes"))


@dataclass(frozen=True, kw_only=True)
class Boolean(Rule):
    """Yes or no, written true or false."""

    def read(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
        raise ValueError(f"{self.label} must be true or false.")

    def to_text(self, value: Any) -> str:
        return "" if value is None else str(value).lower()

    def to_json(self, value: Any) -> bool | None:
        return None if value is None else bool(value)


def _is_unstorable(character: str) -> bool:
    code = ord(character)
    return code < 32 or code == 127 or 0xD800 <= code <= 0xDFFF
