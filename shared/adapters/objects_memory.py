"""An object store in memory, for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from urllib.parse import quote, urlencode

from shared.adapters.object_rules import (
    at_origin,
    check_object,
    check_post,
    check_url,
    content_disposition,
    posted_fields,
    shown,
)
from shared.adapters.objects import ListedObject, ObjectFacts, SignedPost, StoredObject
from shared.errors import AppError, Conflict, NotFound, TooLarge

_FIRST_WRITE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Version:
    """What was put once; body None: a delete marker."""

    version: str | None
    body: bytes | None
    content_type: str
    metadata: Mapping[str, str]
    last_modified: datetime


class InMemoryObjectStore:
    """Buckets as dicts. buckets: their names, and whether each keeps versions. A second passes with each write."""

    def __init__(self, buckets: Mapping[str, bool]) -> None:
        self._versioned = dict(buckets)
        self._objects: dict[tuple[str, str], list[_Version]] = {}
        self._writes = 0

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
        *,
        if_absent: bool = False,
    ) -> StoredObject:
        """Write an object. Raises Conflict, Invalid."""
        check_object(key, content_type, metadata)
        if if_absent and self.head(bucket, key) is not None:
            raise Conflict("There is an object under this key already.")
        version = self._append(bucket, key, bytes(body), content_type, dict(metadata or {}))
        return StoredObject(bucket, key, version, hashlib.sha256(body).hexdigest(), len(body))

    def get(
        self, bucket: str, key: str, version: str | None = None, *, max_bytes: int | None = None
    ) -> bytes:
        """Return the bytes of an object. Raises NotFound, TooLarge."""
        found = self._find(bucket, key, version)
        if found is None or found.body is None:
            raise NotFound(f"There is no object {key}.")
        if max_bytes is not None and len(found.body) > max_bytes:
            raise TooLarge(f"The object has more than {max_bytes} bytes.")
        return found.body

    def head(self, bucket: str, key: str, version: str | None = None) -> ObjectFacts | None:
        """Describe an object; None when it is not there."""
        found = self._find(bucket, key, version)
        if found is None or found.body is None:
            return None
        return ObjectFacts(
            bucket,
            key,
            found.version,
            hashlib.sha256(found.body).hexdigest(),
            len(found.body),
            content_type=found.content_type,
            metadata=found.metadata,
            last_modified=found.last_modified,
        )

    def copy(self, bucket: str, key: str, new_key: str) -> StoredObject:
        """Write the newest version of an object under another key. Raises NotFound, Invalid."""
        found = self._find(bucket, key, None)
        if found is None or found.body is None:
            raise NotFound(f"There is no object {key}.")
        return self.put(bucket, new_key, found.body, found.content_type, found.metadata)

    def list(self, bucket: str, prefix: str = "") -> list[ListedObject]:
        """Return all objects whose keys start with `prefix`, in the order of their keys' bytes."""
        self._check(bucket)
        keys = [key for place, key in self._objects if place == bucket and key.startswith(prefix)]
        heads = [head for key in sorted(keys, key=str.encode) if (head := self.head(bucket, key))]
        return [ListedObject(head.key, head.size_bytes) for head in heads]

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; in a bucket with versions the older ones stay readable."""
        self._check(bucket)
        if self._versioned[bucket]:
            self._append(bucket, key, None, "", {})
        else:
            self._objects.pop((bucket, key), None)

    def signed_url(
        self,
        bucket: str,
        key: str,
        *,
        seconds: int,
        filename: str,
        content_type: str,
        version: str | None = None,
        previews_url: str = "",
    ) -> str:
        """Return a URL of the shape S3 has; it leads nowhere."""
        check_url(seconds, content_type)
        query = {
            "response-content-disposition": content_disposition(filename),
            "response-content-type": content_type,
            "X-Amz-Expires": str(seconds),
            **({} if version is None else {"versionId": version}),
        }
        url = f"https://{bucket}.objects.invalid/{quote(key)}?{urlencode(query)}"
        return at_origin(url, previews_url) if previews_url and shown(content_type) else url

    def signed_post(
        self,
        bucket: str,
        key: str,
        seconds: int,
        max_bytes: int,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> SignedPost:
        """Return a form of the shape S3 has; it leads nowhere. Raises Invalid."""
        check_object(key, content_type, metadata)
        check_post(key, seconds, max_bytes)
        policy = f"{seconds} s, {max_bytes} bytes"
        said = posted_fields(content_type, metadata)
        return SignedPost(f"https://{bucket}.objects.invalid/", {**said, "key": key, "policy": policy})

    def content_type(self, bucket: str, key: str) -> str:
        """What an object was said to be; for assertions. Raises NotFound."""
        found = self._find(bucket, key, None)
        if found is None or found.body is None:
            raise NotFound(f"There is no object {key}.")
        return found.content_type

    def _append(
        self, bucket: str, key: str, body: bytes | None, content_type: str, metadata: Mapping[str, str]
    ) -> str | None:
        self._check(bucket)
        self._writes += 1
        name = f"version-{self._writes}" if self._versioned[bucket] else None
        history = self._objects.setdefault((bucket, key), [])
        if name is None:
            history.clear()
        written = _FIRST_WRITE + timedelta(seconds=self._writes)
        history.append(_Version(name, body, content_type, metadata, written))
        return name

    def _find(self, bucket: str, key: str, version: str | None) -> _Version | None:
        self._check(bucket)
        history = self._objects.get((bucket, key), [])
        if version is None:
            return history[-1] if history else None
        return next((each for each in history if each.version == version), None)

    def _check(self, bucket: str) -> None:
        if bucket not in self._versioned:
            self._refuse(bucket)

    def _refuse(self, bucket: str) -> NoReturn:
        raise AppError(f"There is no bucket {bucket}.")
