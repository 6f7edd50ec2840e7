"""Bytes as characters: the encoding is found, and what could not be stored or seen is left out."""

from __future__ import annotations

import codecs
import re
import unicodedata

from functions.knowledge.extraction.limits import MAX_TEXT_BYTES, MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS
from functions.knowledge.extraction.readable import Unreadable

# UTF-32 before UTF-16: its mark begins with that of the other.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a web page or a source file may say it is written in. Not UTF-7 or EBCDIC: they hide text from who looks.
_DECLARED = re.compile(rb"""(?:charset|coding)\s*[:=]\s*["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_ALLOWED = re.compile(
    r"(?:windows-125\d|cp125\d|cp437|cp85\d|cp866|cp874|cp9\d\d|iso-?8859-\d+|latin-?\d|koi8-[ru]|shift_?jis|euc-(?:jp|kr)"
    r"|gb2312|gbk|gb18030|big5)",
    re.IGNORECASE,
)
# In the order in which a guess prefers them.
_GUESSES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
)
_SAMPLE_BYTES = 32_768
_SURROGATE_BYTES = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# A form feed on a line of its own is no line more: places in source code are counted in lines.
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85](?![\r\n])")
# Controls, marks that turn the direction of what follows, and characters that nobody sees: text hidden in tags,
# selectors of variants that do not exist, spaces of no width. Joiners stay: Persian and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u180e\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


def decode(body: bytes) -> str:
    """Return the text of a file that is one, clean.

    By its mark, as UTF-8, as UTF-16 without a mark, in what it declares, in what it looks like. Raises Unreadable:
    `binary`, `encoding`, `too_much_text`.
    """
    if len(body) > MAX_TEXT_BYTES:
        raise Unreadable("too_much_text")
    text = _decoded(body)
    if len(text) > MAX_TEXT_CHARACTERS * 2:
        raise Unreadable("too_much_text")
    plain = _ESCAPES.sub("", text)
    controls = sum(1 for _ in _CONTROLS.finditer(plain))
    if controls > max(8, len(plain) // 200) or "\x00" in plain:
        raise Unreadable("binary")
    return clean(plain)


def clean(text: str) -> str:
    """Return a text that can be stored and seen: line ends are `\\n`, nothing hidden, no lone surrogates."""
    text = _BREAKS.sub("\n", _ESCAPES.sub("", text))
    return _SURROGATES.sub("\ufffd", _UNSEEN.sub("", text))


def one_line(text: str) -> str:
    """Return a clean text on one line, as long as a title may be."""
    return _SPACES.sub(" ", clean(text)).strip()[:MAX_TITLE_CHARACTERS].strip()


def bounded(text: str) -> str:
    """Return the text. Raises Unreadable: `empty` without any, `too_much_text`."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise Unreadable("too_much_text")
    if not text.strip():
        raise Unreadable("empty")
    return text


def _decoded(body: bytes) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _strictly(body[len(mark) :], encoding)
    if b"\x00" in body:
        return _utf16(body)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        return _paired(body) or _other(body, error)


def _strictly(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(
            "encoding", f"The file says that it is {encoding.upper()}, but byte {error.start + 1} is not."
        ) from error


def _utf16(body: bytes) -> str:
    """A text with NULs is UTF-16 when all of them are the same half of a character."""
    high, low = body[0::2].count(0), body[1::2].count(0)
    if len(body) % 2 or (high and low):
        raise Unreadable("binary")
    try:
        text = body.decode("utf-16-be" if high else "utf-16-le")
    except UnicodeDecodeError as error:
        raise Unreadable("binary") from error
    sample = text[:4096]
    strange = sum(1 for character in sample if unicodedata.category(character) in ("Cn", "Co"))
    if strange > len(sample) // 100:
        raise Unreadable("binary")
    return text


def _paired(body: bytes) -> str:
    """A text whose characters beyond 16 bits are pairs of surrogates, each in UTF-8 (CESU-8); blank for any other."""
    if not _SURROGATE_BYTES.search(body):
        return ""
    try:
        return (
            body.decode("utf-8", "surrogatepass")
            .encode("utf-16-le", "surrogatepass")
            .decode("utf-16-le", "replace")
        )
    except UnicodeDecodeError:
        return ""


def _other(body: bytes, error: UnicodeDecodeError) -> str:
    declared = _DECLARED.search(body, 0, 1024)
    if declared is not None and _ALLOWED.fullmatch(declared[1].decode("ascii")):
        try:
            return body.decode(declared[1].decode("ascii"))
        except (UnicodeDecodeError, LookupError):
            pass
    if _is_broken_utf8(body):
        place = error.start + 1
        raise Unreadable(
            "encoding", f"The file is almost UTF-8, but byte {place} does not belong there."
        ) from error
    return _guessed(body)


def _is_broken_utf8(body: bytes) -> bool:
    """Whether more of it is UTF-8 beyond ASCII than is not: read as anything else that would be gibberish."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(1 for character in text if character > "\x7f") - broken >= broken


def _guessed(body: bytes) -> str:
    from charset_normalizer import from_bytes

    # A sample may end within a character, where it would fit no encoding of more than one byte: end it with a line.
    sample = body[:_SAMPLE_BYTES]
    if len(body) > _SAMPLE_BYTES:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    matches = list(from_bytes(sample, cp_isolation=list(_GUESSES), language_threshold=0.1))
    if not matches:
        raise Unreadable("encoding")
    best = min(matches, key=lambda match: (match.chaos, -match.coherence, _GUESSES.index(match.encoding)))
    return _strictly(body, best.encoding)
