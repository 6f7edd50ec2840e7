"""Objects in buckets: bytes under a key, each with its SHA-256."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from shared.adapters.aws_errors import translated
from shared.adapters.object_rules import (
    at_origin,
    check_object,
    check_post,
    check_url,
    content_disposition,
    posted_fields,
    shown,
)
from shared.errors import AppError, Conflict, NotFound, TooLarge


class ObjectDamaged(AppError):
    """A stored object is not what was written."""


@dataclass(frozen=True)
class StoredObject:
    """An object that is there. version: None in a bucket without versions. sha256: 64 hexadecimal digits,
    None when whoever wrote the object left none.
    """

    bucket: str
    key: str
    version: str | None
    sha256: str | None
    size_bytes: int


@dataclass(frozen=True)
class ObjectFacts(StoredObject):
    """An object that is there and what was said of it when it was written. last_modified: with its offset, in
    whole seconds on S3.
    """

    content_type: str
    metadata: Mapping[str, str]
    last_modified: datetime


@dataclass(frozen=True)
class SignedPost:
    """A form that its holder may post: multipart/form-data with these fields and, after them, the `file`."""

    url: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class ListedObject:
    """An object in a listing."""

    key: str
    size_bytes: int


class ObjectStore(Protocol):
    """Where objects are kept. Everything raises DependencyUnavailable when the store does not answer, and
    AppError when there is no such bucket.
    """

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
        """Write an object, over an older one unless `if_absent`.

        metadata: lower-case names, printable ASCII values, 2 KB together. Raises Conflict when `if_absent` and
        the key is taken, Invalid for a bad key, content type or metadata.
        """
        ...

    def get(
        self, bucket: str, key: str, version: str | None = None, *, max_bytes: int | None = None
    ) -> bytes:
        """Return the bytes of an object (default: of its newest version).

        Raises NotFound, ObjectDamaged, and TooLarge, before its bytes are read, for one of more than `max_bytes`.
        """
        ...

    def head(self, bucket: str, key: str, version: str | None = None) -> ObjectFacts | None:
        """Describe an object; None when it is not there."""
        ...

    def copy(self, bucket: str, key: str, new_key: str) -> StoredObject:
        """Write the newest version of an object under another key, with what was said of it. Raises NotFound."""
        ...

    def list(self, bucket: str, prefix: str = "") -> list[ListedObject]:
        """Return all objects whose keys start with `prefix`, in the order of their keys' bytes."""
        ...

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; one that is not there is deleted already. Older versions stay readable."""
        ...

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
        """Return a URL that lets its holder download the object for `seconds` (1–604,800).

        At the store it is always a download: a browser that follows it saves `filename` and runs nothing; in `<img>`
        and `<video>` it shows as usual. previews_url: an origin before this bucket that passes requests on to it and
        shows, in a sandbox, what a browser can show; a URL of such a type leads there. The object need not exist.
        """
        ...

    def signed_post(
        self,
        bucket: str,
        key: str,
        seconds: int,
        max_bytes: int,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> SignedPost:
        """Return a form that lets its holder upload the object, 1 to `max_bytes` bytes, for `seconds` (1–604,800).

        Key, content type and metadata are signed: whoever changes a field is refused. Raises Invalid as `put`.
        """
        ...


def s3_client() -> Any:
    """Make boto3's client for S3: three attempts, 2 s to connect, 10 s of silence, signature version 4.

    It signs for the bucket's own host in its region, `<bucket>.s3.<region>.amazonaws.com`: by default boto3 signs
    URLs for a global host, which S3 redirects and which is not the one that CloudFront asks.
    """
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        config=Config(
            connect_timeout=2,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 3},
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        ),
    )


class S3ObjectStore:
    """Amazon S3. client: from `s3_client`; page_size: keys a call when listing."""

    def __init__(self, client: Any, page_size: int = 1000) -> None:
        self._client = client
        self._page_size = page_size

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
        """Write an object; S3 refuses bytes that changed on their way. Raises Conflict, Invalid."""
        check_object(key, content_type, metadata)
        digest = hashlib.sha256(body)
        condition = {"IfNoneMatch": "*"} if if_absent else {}
        # 409: another conditional write of this key was under way at the same time.
        taken = Conflict("There is an object under this key already.")
        meanings = {"PreconditionFailed": taken, "ConditionalRequestConflict": taken}
        with translated("S3", meanings):
            answer = self._client.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata=dict(metadata or {}),
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
                **condition,
            )
        return StoredObject(bucket, key, answer.get("VersionId"), digest.hexdigest(), len(body))

    def get(
        self, bucket: str, key: str, version: str | None = None, *, max_bytes: int | None = None
    ) -> bytes:
        """Return the bytes of an object. Raises NotFound, ObjectDamaged, TooLarge."""
        with translated("S3", _not_found(key)):
            answer = self._client.get_object(
                Bucket=bucket, Key=key, ChecksumMode="ENABLED", **_versioned(version)
            )
            if max_bytes is not None and int(answer["ContentLength"]) > max_bytes:
                answer["Body"].close()
                raise TooLarge(f"The object has more than {max_bytes} bytes.")
            body = _read(answer["Body"])
        expected = _sha256(answer)
        if expected is not None and hashlib.sha256(body).hexdigest() != expected:
            raise ObjectDamaged
        return body

    def head(self, bucket: str, key: str, version: str | None = None) -> ObjectFacts | None:
        """Describe an object; None when it is not there."""
        try:
            with translated("S3", _not_found(key)):
                answer = self._client.head_object(
                    Bucket=bucket, Key=key, ChecksumMode="ENABLED", **_versioned(version)
                )
        except NotFound:
            return None
        return ObjectFacts(
            bucket,
            key,
            answer.get("VersionId"),
            _sha256(answer),
            int(answer["ContentLength"]),
            content_type=answer.get("ContentType", ""),
            metadata=dict(answer.get("Metadata", {})),
            last_modified=answer["LastModified"],
        )

    def copy(self, bucket: str, key: str, new_key: str) -> StoredObject:
        """Write the newest version of an object under another key. Raises NotFound, Invalid."""
        check_object(new_key, "application/octet-stream", None)
        with translated("S3", _not_found(key)):
            answer = self._client.copy_object(
                Bucket=bucket,
                Key=new_key,
                CopySource={"Bucket": bucket, "Key": key},
                ChecksumAlgorithm="SHA256",
            )
        written = self.head(bucket, new_key, answer.get("VersionId"))
        if written is None:
            raise NotFound(f"There is no object {new_key}.")
        return written

    def list(self, bucket: str, prefix: str = "") -> list[ListedObject]:
        """Return all objects whose keys start with `prefix`, in the order of their keys' bytes."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": self._page_size}
        )
        with translated("S3"):
            return [
                ListedObject(item["Key"], int(item["Size"]))
                for page in pages
                for item in page.get("Contents", ())
            ]

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; one that is not there is deleted already."""
        with translated("S3"):
            self._client.delete_object(Bucket=bucket, Key=key)

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
        """Return a URL that lets its holder download the object for `seconds`; nothing is called."""
        check_url(seconds, content_type)
        url = str(
            self._client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": bucket,
                    "Key": key,
                    "ResponseContentDisposition": content_disposition(filename),
                    "ResponseContentType": content_type,
                    **_versioned(version),
                },
                ExpiresIn=seconds,
            )
        )
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
        """Return a form that lets its holder upload the object; nothing is called. Raises Invalid."""
        check_object(key, content_type, metadata)
        check_post(key, seconds, max_bytes)
        said = posted_fields(content_type, metadata)
        conditions = [{name: value} for name, value in said.items()]
        form = self._client.generate_presigned_post(
            bucket,
            key,
            Fields=dict(said),
            Conditions=[*conditions, ["content-length-range", 1, max_bytes]],
            ExpiresIn=seconds,
        )
        return SignedPost(str(form["url"]), dict(form["fields"]))


def _read(stream: Any) -> bytes:
    """Read a body to its end. Raises ObjectDamaged when it does not fit its checksum."""
    from botocore.exceptions import FlexibleChecksumError

    try:
        return bytes(stream.read())
    except FlexibleChecksumError as error:
        raise ObjectDamaged from error


def _not_found(key: str) -> dict[str, AppError]:
    missing = NotFound(f"There is no object {key}.")
    # HEAD has no body, so its error is a bare 404; a version id of the wrong shape is a 400.
    return {"NoSuchKey": missing, "NoSuchVersion": missing, "404": missing, "MethodNotAllowed": missing}


def _versioned(version: str | None) -> dict[str, str]:
    return {} if version is None else {"VersionId": version}


def _sha256(answer: Mapping[str, Any]) -> str | None:
    """The SHA-256 of a whole object; the checksum of one written in parts (`…-3`) is of another kind."""
    checksum = answer.get("ChecksumSHA256")
    if not checksum or "-" in checksum:
        return None
    return base64.b64decode(checksum).hex()
