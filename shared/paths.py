"""The rules for paths of generated projects, exports and kits.

Source: conventions, "Files of generated projects". A path that passes names the same file on Linux, macOS and
Windows, cannot leave its folder, cannot reach into `.git`, and reads on screen as what it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_PATH_BYTES = 260
MAX_SEGMENT_BYTES = 255
MAX_DEPTH = 64

# Default_Ignorable_Code_Point of Unicode beyond the categories Cc and Cf: fillers, variation selectors and
# reserved ranges that most fonts draw as nothing.
_IGNORABLES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
_SEPARATORS = frozenset("/\\:")
_FORBIDDEN = frozenset('<>:"|?*')
_DRIVE = re.compile(r"[A-Za-z]:")
# `.git` and `.gitmodules` under their own names and under the short names that NTFS gives them
# (git's is_ntfs_dotgit: GIT~1, GITMOD~1 …, and GI7EBA~1 once those are taken).
_GIT = re.compile(r"(?:\.git|git~\d+)")
_GITMODULES = re.compile(r"(?:\.gitmodules|gitmod~\d+|gi7eb[0-9a-f]~\d+)")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$|clock\$)")


class UnsafePath(ValueError):
    """A path that may not name a file of a project; the message is a plain sentence."""


def check_path(path: str) -> str:
    """Return `path` in NFC, or raise `UnsafePath` when it breaks a rule.

    Lengths are counted in UTF-8 bytes: 255 for a segment, 260 for the path. Look-alikes are judged by what
    compatibility normalisation (NFKC) makes of them, so `ＣＯＮ` is a device and `a／b` has a separator.
    """
    _refuse_characters(path)
    path = unicodedata.normalize("NFC", path)
    if not path:
        raise UnsafePath("The path is empty.")
    shown = _shown(path)
    if "\\" in path:
        raise UnsafePath(f"{shown} contains a backslash.")
    if path.startswith("/"):
        raise UnsafePath(f"{shown} is absolute.")
    if _DRIVE.match(path):
        raise UnsafePath(f"{shown} starts with a drive.")
    for character in path:
        if character not in _SEPARATORS and _SEPARATORS & set(unicodedata.normalize("NFKC", character)):
            raise UnsafePath(f"{shown} contains a character that can turn into a separator.")
    if len(path.encode()) > MAX_PATH_BYTES:
        raise UnsafePath(f"{shown} is longer than {MAX_PATH_BYTES} bytes.")
    segments = path.split("/")
    if len(segments) > MAX_DEPTH:
        raise UnsafePath(f"{shown} is deeper than {MAX_DEPTH} segments.")
    for segment in segments:
        _check_segment(segment, shown)
    return path


def check_paths(paths: Iterable[str]) -> None:
    """Check each path, and that the set can be unpacked anywhere; raise `UnsafePath` otherwise.

    Refused: two paths that differ only in case or in normalisation, and a file that is also a folder.
    """
    files: dict[str, str] = {}
    for path in paths:
        safe = check_path(path)
        key = _caseless(safe)
        if key in files:
            raise UnsafePath(
                f"{_shown(safe)} and {_shown(files[key])} are the same file where case is ignored."
            )
        files[key] = safe
    for key, safe in files.items():
        parts = key.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder in files:
                raise UnsafePath(f"{_shown(files[folder])} is a file and the folder of {_shown(safe)}.")


def _refuse_characters(path: str) -> None:
    for character in path:
        category = unicodedata.category(character)
        if category == "Cs":
            raise UnsafePath(f"{_shown(path)} contains a lone surrogate.")
        if category in ("Cc", "Zl", "Zp"):
            raise UnsafePath(f"{_shown(path)} contains a control character.")
        # Cf holds the bidi controls and the zero-width characters.
        if category == "Cf" or any(low <= ord(character) <= high for low, high in _IGNORABLES):
            raise UnsafePath(f"{_shown(path)} contains an invisible character.")


def _check_segment(segment: str, shown: str) -> None:
    if not segment:
        raise UnsafePath(f"{shown} has an empty segment.")
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        raise UnsafePath(f"{shown} has a segment longer than {MAX_SEGMENT_BYTES} bytes.")
    if _FORBIDDEN & set(segment):
        raise UnsafePath(f'{shown} contains one of < > : " | ? *, which Windows refuses.')
    for form in (segment, unicodedata.normalize("NFKC", segment)):
        if form in (".", ".."):
            raise UnsafePath(f"{shown} has a segment that is a dot or two dots.")
        # Windows drops trailing dots and spaces and ignores case: judge what is left of the name.
        bare = form.rstrip(". ").upper().casefold()
        if _GIT.fullmatch(bare):
            raise UnsafePath(f"{shown} reaches into .git.")
        if _GITMODULES.fullmatch(bare):
            raise UnsafePath(f"{shown} names .gitmodules.")
        if _DEVICE.fullmatch(bare.split(".")[0].rstrip(" ")):
            raise UnsafePath(f"{shown} is named like a Windows device.")
        if form != form.rstrip(". "):
            raise UnsafePath(f"{shown} has a segment that ends with a dot or a space.")


def _caseless(path: str) -> str:
    # Canonical caseless matching, Unicode 3.13 D145.
    folded = unicodedata.normalize("NFD", path).casefold()
    return unicodedata.normalize("NFC", folded)


def _shown(path: str) -> str:
    # ascii(): the message shows a hostile path without what makes it hostile.
    return ascii(path if len(path) <= 80 else path[:79] + "…")
