"""Identifiers out of untrusted words: ASCII, never a keyword, never a name the generated code needs itself."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Iterable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Letters that no decomposition turns into ASCII.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
)
# Modules that some supported Python has and another has not: the name must not depend on who generates.
_MODULES_COME_AND_GONE = _words(
    "aifc annotationlib asynchat asyncore audioop cgi cgitb chunk compression concurrent crypt distutils imghdr "
    "imp lib2to3 mailcap msilib nis nntplib ossaudiodev pathlib pipes smtpd sndhdr spwd sunau tarfile telnetlib "
    "uu xdrlib zipfile"
)
# A folder of that name cannot be made on Windows, so `paths` refuses it.
_DEVICE = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")
_PACKAGES = _words("app src test tests docs web support source_path setup pip unittest pytest ruff")
FIELDS = _words(
    "id state dt str bool int from_values with_values in_state text_of to_json rule_of checked_text columns "
    "self cls"
)
TABLES = frozenset({"inbox_message", "entity", "entities", "inbox"})
CLASSES = _words(
    "Entity Decimal Store Database Message Summary Difference Mapping Route Request Csv HTTPStatus Invalid "
    "NotFound Conflict Exception ClassVar None True False Path StoreTestCase TestCase Any"
)


def slug(text: str, fallback: str, limit: int = 40) -> str:
    """Return `text` as lower_snake_case ASCII starting with a letter, or `fallback` when nothing is left."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"[\u0300-\u036f]", "", folded)).strip("_")
    plain = plain[:limit].rstrip("_")
    if not plain:
        return fallback
    return plain if plain[0].isalpha() else f"{fallback}_{plain}"


def package_name(title: str) -> str:
    """Return an importable package name that hides no standard module and names no Windows device."""
    name = slug(title, "product", 30)
    taken = sys.stdlib_module_names | _MODULES_COME_AND_GONE | _PACKAGES
    unusable = name in taken or _DEVICE.fullmatch(name) is not None
    return f"{name}_app" if unusable or keyword.iskeyword(name) or keyword.issoftkeyword(name) else name


def class_name(identifier: str) -> str:
    """Return snake_case as PascalCase."""
    return "".join(part[:1].upper() + part[1:] for part in identifier.split("_"))


class Names:
    """Hands out names, each once; `reserved` ones never."""

    def __init__(self, reserved: Iterable[str] = (), suffix: str = "_") -> None:
        self._reserved = frozenset(reserved)
        self._suffix = suffix
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """Return `wanted`, with the suffix when it is reserved or a keyword, numbered when it is taken."""
        reserved = wanted in self._reserved or keyword.iskeyword(wanted) or wanted.startswith("sqlite_")
        base = (
            f"x_{wanted}"
            if wanted.startswith("sqlite_")
            else f"{wanted}{self._suffix}"
            if reserved
            else wanted
        )
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name
