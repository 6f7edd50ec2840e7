"""What is found in a file: prose, source code or a definition; or why nothing can be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared.errors import AppError


@dataclass(frozen=True)
class Prose:
    """A document that people read, as Markdown whatever it came as.

    media_type: what the file is (`application/pdf`), not what it became. title: the first heading or what the file
    says its title is; blank where it says none. markdown: headings as `#`, tables as pipes; the pages of a PDF
    begin with `<!-- page 3 -->` on a line of its own, counted from 1.
    """

    media_type: str
    title: str
    markdown: str


@dataclass(frozen=True)
class SourceCode:
    """A file of a programming language. language: one of `detect.LANGUAGES` (`python`, `csharp`, `tsx`)."""

    media_type: str
    language: str
    text: str


@dataclass(frozen=True)
class Definition:
    """Data in JSON or YAML that parses. title: the `name` or `title` it gives itself; may be blank.

    media_type: `application/json` or `application/yaml`, with `;profile=agent-definition` where it is the definition
    of an agent.
    """

    media_type: str
    title: str
    text: str


Readable = Prose | SourceCode | Definition
"""The text holds nothing that PostgreSQL or JSON could not: see `shared.models.base.refuse_unstorable`."""


REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "The file holds no text.",
        "too_large": "The file is larger than 25 MB.",
        "too_much_text": "The file holds more than 5 million characters of text.",
        "too_many_chunks": "The file would be cut into more than 3,000 passages.",
        "unknown_type": "The name of the file ends in nothing that can be read.",
        "wrong_type": "The file is not what its name says.",
        "binary": "The file holds no text but binary data.",
        "encoding": "The characters of the file cannot be told: save it as UTF-8.",
        "damaged": "The file is damaged or incomplete.",
        "encrypted": "The file is protected by a password.",
        "no_text": "The pages hold pictures but no text: recognise the text (OCR) and upload the file again.",
        "archive_bomb": "The file unpacks to far more than it may.",
        "too_complex": "The file is built too deeply or of too many parts.",
        "forbidden_part": "The file holds a part that could act or fetch something and is not allowed.",
        "too_slow": "Reading the file took too long.",
        "too_much_memory": "Reading the file took too much memory.",
    }
)
"""By code, why a file cannot be read. Codes stay; sentences may get better."""


class Unreadable(AppError):
    """The file cannot be read."""

    status = 422
    title = "Unreadable file"

    def __init__(self, code: str, reason: str = "") -> None:
        """code: one of REASONS. reason: a sentence for the one who uploaded the file; by default that of the code."""
        self._code = code
        super().__init__(reason or REASONS[code])

    @property
    def code(self) -> str:
        """One of REASONS."""
        return self._code

    @property
    def reason(self) -> str:
        """A sentence for the one who uploaded the file."""
        return self.message

    def __str__(self) -> str:
        # What a state machine sees of an error is this text; `parse` finds the two parts again.
        return f"{self.code}: {self.reason}"

    @classmethod
    def parse(cls, text: str) -> Unreadable:
        """Return the error whose `str` is `text`; one of code `damaged` for any other text."""
        code, _, reason = text.partition(": ")
        return cls(code, reason) if code in REASONS else cls("damaged")
