"""What a file is: its content and its name must say the same.

A name is believed among texts, because a text is what its reader makes of it: `example.py` may hold anything. Content
is believed where it cannot be mistaken: a PDF, an archive, a picture, a program; and a text that begins as a web page
is one, also as `.md` or `.txt`, so that its scripts and hidden parts do not become prose. A file whose name ends in
nothing is what its content is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from functions.knowledge.extraction.readable import Unreadable

Form = Literal["markdown", "html", "pdf", "docx", "text", "code", "json", "yaml"]

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True)
class FileType:
    """form: who reads it. language: of source code, one of LANGUAGES; blank otherwise."""

    form: Form
    media_type: str
    language: str = ""


LANGUAGES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bash": (".sh", ".bash"),
        "c": (".c", ".h"),
        "cpp": (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx"),
        "csharp": (".cs",),
        "go": (".go",),
        "java": (".java",),
        "javascript": (".js", ".mjs", ".cjs", ".jsx"),
        "php": (".php",),
        "python": (".py", ".pyi"),
        "ruby": (".rb", ".rake"),
        "rust": (".rs",),
        "tsx": (".tsx",),
        "typescript": (".ts", ".mts", ".cts"),
    }
)
"""The programming languages with a grammar, and how the names of their files end."""

MARKDOWN = FileType("markdown", "text/markdown")
HTML = FileType("html", "text/html")
PDF = FileType("pdf", "application/pdf")
WORD = FileType("docx", DOCX)
TEXT = FileType("text", "text/plain")
NAMELESS = FileType("text", "text/plain")
"""A text whose name ends in nothing: its first line may say more."""

TYPES: Mapping[str, FileType] = MappingProxyType(
    {
        **dict.fromkeys((".md", ".markdown", ".mdx"), MARKDOWN),
        **dict.fromkeys((".html", ".htm", ".xhtml"), HTML),
        ".pdf": PDF,
        ".docx": WORD,
        **dict.fromkeys((".txt", ".text", ".log", ".rst", ".adoc", ".org", ".tex"), TEXT),
        **dict.fromkeys((".toml", ".ini", ".cfg", ".conf", ".properties", ".sql"), TEXT),
        ".csv": FileType("text", "text/csv"),
        ".tsv": FileType("text", "text/tab-separated-values"),
        ".json": FileType("json", "application/json"),
        **dict.fromkeys((".yaml", ".yml"), FileType("yaml", "application/yaml")),
        **{
            suffix: FileType("code", f"text/x-{language}", language)
            for language, suffixes in LANGUAGES.items()
            for suffix in suffixes
        },
    }
)
"""By how a name ends, in small letters."""

# What a file is that begins so, in a sentence "it is …". Marks of plain letters count only before a NUL.
_MARKS = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\x00asm", "a program"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"(\xb5/\xfd", "a zstd archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or protected Office document"),
    (b"SQLite format 3\x00", "a database"),
    (b"{\\rtf", "an RTF document"),
    (b"%!PS-Adobe", "a PostScript document"),
)
_MARKS_BEFORE_NUL = ((b"MZ", "a program"), (b"RIFF", "a film, a sound or a picture"), (b"OggS", "a sound"))

_WEB_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S
)
_SHELL = re.compile(r"#!\s*/\S*?(?:\s+-S)?(?:/|\s)(bash|sh|python|node|ruby|php)[\d.]*(?:\s|$)")
_SHELLS = {"sh": "bash", "node": "javascript"}
_CPP = re.compile(
    r"^\s*(?:class\s+\w+|namespace\b|template\s*<|using\s+namespace\b|(?:public|private):)", re.MULTILINE
)


def detect(body: bytes, name: str) -> FileType:
    """Return what a file is, as far as its name and its first bytes tell.

    Raises Unreadable: `empty`, `unknown_type`, `wrong_type`.
    """
    if not body:
        raise Unreadable("empty")
    suffix = suffix_of(name)
    found = content_of(body)
    named = TYPES.get(suffix)
    if named is None:
        return _by_content(body, found, suffix)
    if named.form == "pdf":
        # Readers look for the mark in the first kilobyte: mail gateways and printers put lines before it.
        if b"%PDF-" not in body[:1024]:
            raise _wrong(suffix, found)
    elif named.form == "docx":
        if found not in ("a ZIP archive", "an old or protected Office document"):
            raise _wrong(suffix, found)
    elif found:
        raise _wrong(suffix, found)
    return named


def refined(file_type: FileType, text: str) -> FileType:
    """Return what a text file is, now that its text is known: a web page by another name, C++ in a `.h`."""
    if file_type.form in ("markdown", "text") and _WEB_PAGE.match(text, 0, 4096):
        return HTML
    if file_type.language == "c" and _CPP.search(text[:65_536]):
        return TYPES[".cpp"]
    if file_type is NAMELESS and (script := _SHELL.match(text, 0, 200)):
        language = _SHELLS.get(script[1], script[1])
        return TYPES[LANGUAGES[language][0]]
    return file_type


def suffix_of(name: str) -> str:
    """Return how a name ends, in small letters: `.md`; blank for `Makefile` and `.profile`."""
    last = name.rsplit("/", 1)[-1].lower().strip()
    stem, dot, ending = last.rpartition(".")
    return f".{ending}" if stem.strip(".") and dot and ending else ""


def content_of(body: bytes) -> str:
    """Return what is not a text by its first bytes, as "a PNG picture"; blank for what may be one."""
    for mark, meaning in _MARKS:
        if body.startswith(mark):
            return meaning
    if body[4:8] == b"ftyp":
        return "a film or a picture"
    if b"\x00" in body[:1024]:
        return next((meaning for mark, meaning in _MARKS_BEFORE_NUL if body.startswith(mark)), "")
    return ""


def _by_content(body: bytes, found: str, suffix: str) -> FileType:
    known = "Markdown, HTML, PDF, docx, plain text, JSON, YAML and source code"
    if suffix and len(suffix) <= 16 and suffix[1:].isascii() and suffix[1:].isalnum():
        raise Unreadable("unknown_type", f"Files named {suffix} cannot be read. Those that can are {known}.")
    if suffix:
        raise Unreadable(
            "unknown_type",
            f"What the file is cannot be told from its name. Those that can be read are {known}.",
        )
    if found == "a PDF":
        return PDF
    if found == "a ZIP archive" and b"word/document" in body:
        return WORD
    if found:
        raise Unreadable("unknown_type", f"The file is {found}. Those that can be read are {known}.")
    return NAMELESS


def _wrong(suffix: str, found: str) -> Unreadable:
    return Unreadable("wrong_type", f"The file is named {suffix} but is {found or f'no {suffix[1:]} file'}.")
