"""What S3 takes as a key, as metadata and as a signed URL, and what browsers make of the headers it sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from shared.errors import Invalid

MAX_KEY_BYTES = 1024
MAX_METADATA_BYTES = 2048
MAX_URL_SECONDS = 604_800

_METADATA_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_PRINTABLE_ASCII = re.compile(r"[\x20-\x7e]*")
_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.-]+)*", re.ASCII)


def shown(content_type: str) -> bool:
    """Whether a browser shows such a thing by itself, in a sandbox too: pages, plain text, pictures and films.

    Not PDF, whose viewer no browser runs in a sandbox, nor Markdown, JSON and archives, which are for programs.
    """
    kind = content_type.partition(";")[0].strip().lower()
    return kind in ("text/html", "text/plain") or kind.startswith(("image/", "video/"))


def at_origin(url: str, origin: str) -> str:
    """Return a signed URL with another scheme and host before its path; path and query stay as they were signed."""
    rest = urlsplit(url)._replace(scheme="", netloc="").geturl()
    return origin + rest


def content_disposition(filename: str) -> str:
    """Return an attachment header (RFC 6266) for any text as a file's name: an ASCII name for old clients and
    the full one percent-encoded. Separators, quotes, control and lone surrogate characters become `_`.
    """
    safe = re.sub(
        r'[\x00-\x1f\x7f-\x9f/\\"\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]', "_", filename
    )
    safe = safe.strip(" .")[:200] or "download"
    plain = safe.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def check_object(key: str, content_type: str, metadata: Mapping[str, str] | None) -> None:
    """Raise Invalid unless S3 would take these and give them back unchanged."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError as error:
        raise Invalid("The key of an object must be valid Unicode.") from error
    if (
        not 0 < size <= MAX_KEY_BYTES
        or re.search(r"[\x00-\x1f\x7f]", key)
        or {".", ".."} & set(key.split("/"))
    ):
        raise Invalid(
            "The key of an object needs 1 to 1,024 bytes, without control characters or dot segments."
        )
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise Invalid("The content type of an object is not one.")
    for name, value in (metadata or {}).items():
        if (
            not _METADATA_NAME.fullmatch(name)
            or not _PRINTABLE_ASCII.fullmatch(value)
            or value != value.strip()
        ):
            raise Invalid(f"The metadata {name!r} of an object needs a lower-case name and an ASCII value.")
    if sum(len(name) + len(value) for name, value in (metadata or {}).items()) > MAX_METADATA_BYTES:
        raise Invalid("The metadata of an object may have 2 KB.")


def check_url(seconds: int, content_type: str) -> None:
    """Raise Invalid unless a URL can be signed like this."""
    if not 1 <= seconds <= MAX_URL_SECONDS:
        raise Invalid("A signed URL lasts from a second to seven days.")
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise Invalid("The content type of a signed URL is not one.")


def check_post(key: str, seconds: int, max_bytes: int) -> None:
    """Raise Invalid unless a form can be signed like this."""
    check_url(seconds, "application/octet-stream")
    if max_bytes < 1:
        raise Invalid("An upload has at least a byte.")
    if "${filename}" in key:
        raise Invalid("S3 would put the uploader's own file name into this key.")


def posted_fields(content_type: str, metadata: Mapping[str, str] | None) -> dict[str, str]:
    """Return the fields of a form that say what is uploaded."""
    said = {f"x-amz-meta-{name}": value for name, value in (metadata or {}).items()}
    return {"Content-Type": content_type, **said}
