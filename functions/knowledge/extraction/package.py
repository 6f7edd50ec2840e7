"""A docx before anybody reads it: a ZIP archive that could be a bomb, of XML that could fetch or repeat.

What comes out is an archive of the parts that hold text, unpacked, checked and without what Word hides.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from xml.parsers import expat

from functions.knowledge.extraction.limits import (
    MAX_DEPTH,
    MAX_PART_BYTES,
    MAX_PARTS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    MAX_XML_ELEMENTS,
    MEBIBYTE,
)
from functions.knowledge.extraction.readable import Unreadable

_CONTENT_TYPES = "[Content_Types].xml"
_CORE = "docProps/core.xml"
_READ = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/core\.xml|word/[^/]+\.xml|word/_rels/[^/]+\.rels"
)
# What holds no text: colours, fonts, settings, and texts that are offered but not used.
_UNREAD = re.compile(
    r"word/(?:settings|webSettings|fontTable|stylesWithEffects|people|commentsExtended|commentsIds)\.xml"
)
_WORD = re.compile(
    rb"wordprocessingml\.(?:document|template)\.main|ms-word\.(?:document|template)\.macroEnabled\.main"
)
_OTHERS = (
    ("xl/", "an Excel workbook"),
    ("ppt/", "a PowerPoint presentation"),
    ("META-INF/", "another kind of archive"),
)

_END = b"PK\x05\x06"
_END_BYTES = 22
_LONGEST_COMMENT = 65_535
_BIG_LOCATOR = b"PK\x06\x07"
# What the directory of MAX_PARTS files takes, with long names.
_LARGEST_DIRECTORY = MEBIBYTE
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")


def open_package(body: bytes) -> dict[str, bytes]:
    """Return the parts of a docx that are read, by name: unpacked, well-formed, without hidden runs.

    Raises Unreadable: `damaged`, `encrypted`, `wrong_type`, `archive_bomb`, `forbidden_part`, `too_complex`.
    """
    if body.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old(body)
    _check_directory(body)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = _checked(archive.infolist(), len(body))
            parts = {name: _unpacked(archive, entry) for name, entry in entries.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable("damaged") from error
    if not _WORD.search(parts.get(_CONTENT_TYPES, b"")):
        raise Unreadable("wrong_type", "The file is named .docx but holds no Word document.")
    return {name: _Part(part).checked() for name, part in parts.items()}


def packed(parts: Mapping[str, bytes]) -> io.BytesIO:
    """Return the parts as an archive again, which nothing has to be unpacked of."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    file.seek(0)
    return file


def core_title(parts: Mapping[str, bytes]) -> str:
    """Return the title that a docx says it has; may be blank."""
    found: list[str] = []
    inside = False

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal inside
        inside = name.endswith("elements/1.1/ title") and not attributes.get("hidden")

    def end(_: str) -> None:
        nonlocal inside
        inside = False

    def data(text: str) -> None:
        if inside:
            found.append(text)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.Parse(parts.get(_CORE, b"<none/>"), True)
    return "".join(found)


def _old(body: bytes) -> Unreadable:
    if "EncryptedPackage".encode("utf-16-le") in body:
        return Unreadable("encrypted")
    return Unreadable("wrong_type", "The file is an old Word document (.doc): save it as .docx.")


def _check_directory(body: bytes) -> None:
    """Look at the size of the directory before it is read into objects."""
    place = body.rfind(_END, max(0, len(body) - _END_BYTES - _LONGEST_COMMENT))
    if place < 0 or place + _END_BYTES > len(body):
        raise Unreadable("damaged")
    entries, size = struct.unpack_from("<HL", body, place + 10)
    if entries > MAX_PARTS or size > _LARGEST_DIRECTORY or _BIG_LOCATOR in body[max(0, place - 20) : place]:
        raise Unreadable("archive_bomb", f"The archive holds more than {MAX_PARTS:,} files.")


def _checked(entries: list[zipfile.ZipInfo], packed_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """Return the entries that are read, by name; judge all of them by what they say of themselves."""
    names = [entry.filename for entry in entries]
    if len(names) > MAX_PARTS:
        raise Unreadable("archive_bomb", f"The archive holds more than {MAX_PARTS:,} files.")
    if len(set(names)) < len(names):
        raise Unreadable("damaged", "The archive holds two files of one name.")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("encrypted")
    if _CONTENT_TYPES not in names:
        meaning = next(
            (what for start, what in _OTHERS if any(name.startswith(start) for name in names)), "an archive"
        )
        raise Unreadable("wrong_type", f"The file is named .docx but is {meaning}.")
    unpacked = sum(entry.file_size for entry in entries)
    steep = any(
        entry.file_size > MEBIBYTE and entry.file_size > MAX_RATIO * max(1, entry.compress_size)
        for entry in entries
    )
    # Parts that share their bytes say together more than the whole archive has.
    shared = sum(entry.compress_size for entry in entries) > packed_bytes
    if unpacked > MAX_UNPACKED_BYTES or steep or shared:
        raise Unreadable("archive_bomb")
    read = {entry.filename: entry for entry in entries if _is_read(entry.filename)}
    if sum(entry.file_size for entry in read.values()) > MAX_PART_BYTES:
        raise Unreadable("archive_bomb")
    return read


def _is_read(name: str) -> bool:
    return bool(_READ.fullmatch(name)) and not _UNREAD.fullmatch(name)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable("damaged", "The archive is packed in a way that Word does not know.")
    with archive.open(entry) as file:
        part = file.read(entry.file_size + 1)
    if len(part) != entry.file_size:
        raise Unreadable("damaged")
    return part


class _Part:
    """A part of XML: counted, and the byte ranges of its hidden runs found."""

    def __init__(self, xml: bytes) -> None:
        self._xml = _as_utf8(xml)
        self._elements = 0
        self._depth = 0
        # Of every run that is open: where it begins, whether it is hidden.
        self._runs: list[tuple[int, bool]] = []
        self._in_properties = False
        self._hidden: list[tuple[int, int]] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def checked(self) -> bytes:
        """Return the part without hidden runs. Raises Unreadable."""
        try:
            self._parser.Parse(self._xml, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise Unreadable("damaged") from error
        kept, place = [], 0
        for start, end in sorted(self._hidden):
            if start >= place:
                kept.append(self._xml[place:start])
                place = end
        return b"".join([*kept, self._xml[place:]])

    def _doctype(self, *_: object) -> None:
        # Where entities are declared: they repeat without end, or stand for a file of the machine.
        raise Unreadable(
            "forbidden_part", "The file holds a document type declaration (DTD), which no Word document has."
        )

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_XML_ELEMENTS:
            raise Unreadable(
                "too_complex", f"A part of the file has more than {MAX_XML_ELEMENTS:,} elements."
            )
        if self._depth > MAX_DEPTH:
            raise Unreadable("too_complex", "Tables or frames stand too deeply in each other.")
        local = name.rpartition(" ")[2]
        if local == "r":
            self._runs.append((self._parser.CurrentByteIndex, False))
        elif local == "rPr":
            self._in_properties = True
        elif local == "vanish" and self._in_properties and self._runs and _is_on(attributes):
            self._runs[-1] = (self._runs[-1][0], True)

    def _end(self, name: str) -> None:
        self._depth -= 1
        local = name.rpartition(" ")[2]
        if local == "rPr":
            self._in_properties = False
        elif local == "r":
            start, hidden = self._runs.pop()
            if hidden:
                self._hidden.append((start, self._xml.index(b">", self._parser.CurrentByteIndex) + 1))


def _is_on(attributes: Mapping[str, str]) -> bool:
    value = next((value for name, value in attributes.items() if name.rpartition(" ")[2] == "val"), "true")
    return value.lower() not in ("0", "false", "off")


def _as_utf8(xml: bytes) -> bytes:
    if not xml.startswith(_UTF16_MARKS):
        return xml
    try:
        return _DECLARATION.sub("", xml.decode("utf-16"), count=1).encode()
    except UnicodeError as error:
        raise Unreadable("damaged") from error
