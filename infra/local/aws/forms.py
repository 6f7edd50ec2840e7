"""Uploads by a form that somebody signed (`POST` on a bucket): S3 takes what the policy in it allows, moto takes any.

Sources: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html, RESTObjectPOST.html
"""

from __future__ import annotations

import base64
import binascii
import hmac
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from werkzeug.formparser import FormDataParser

from infra.local.aws.signatures import Refused, signing_key
from infra.local.aws.wsgi import Answer, Environ, read_body, with_body

POSTED = "robo.posted_form"
"""Where a request that was a form says so."""

_KIND = "multipart/form-data"
_NOT_SIGNED = ("policy", "x-amz-signature", "file", "bucket")
_HEADERS = ("content-type", "cache-control", "content-disposition", "content-encoding", "expires")
_ALGORITHM = "AWS4-HMAC-SHA256"
_FIELD_BYTES = 20_000
"""What S3 takes as fields before the file."""


@dataclass(frozen=True)
class _Form:
    """fields: by their names in lower case."""

    bucket: str
    fields: Mapping[str, str]
    file: bytes


def is_form(environ: Environ) -> bool:
    """Whether a request for S3 is a form."""
    return environ.get("REQUEST_METHOD") == "POST" and str(environ.get("CONTENT_TYPE", "")).startswith(_KIND)


class Forms:
    """Checks forms and makes of each the `PUT` that it stands for. keys: secret keys by access key; now: in UTC."""

    def __init__(
        self, keys: Mapping[str, str], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._keys = keys
        self._now = now

    def accept(self, environ: Environ) -> Environ:
        """Return the request that writes what a form uploads, signed by whoever signed the form. Raises Refused."""
        form = _read(environ)
        self._check_signature(form.fields)
        self._check_policy(form)
        return _as_put(environ, form)

    def _check_signature(self, fields: Mapping[str, str]) -> None:
        if "policy" not in fields or "x-amz-signature" not in fields:
            raise Refused(403, "AccessDenied", "Access Denied")
        access_key, _, scope = fields.get("x-amz-credential", "").partition("/")
        known = fields.get("x-amz-algorithm") == _ALGORITHM
        if not known or len(scope.split("/")) != 4 or scope.split("/")[2:] != ["s3", "aws4_request"]:
            raise Refused(400, "InvalidArgument", "The form names no algorithm or credential that S3 knows.")
        if access_key not in self._keys:
            message = "The AWS Access Key Id you provided does not exist in our records."
            raise Refused(403, "InvalidAccessKeyId", message, AWSAccessKeyId=access_key)
        key = signing_key(self._keys[access_key], scope)
        expected = hmac.new(key, fields["policy"].encode(), sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), fields["x-amz-signature"].encode()):
            raise Refused(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                AWSAccessKeyId=access_key,
            )

    def _check_policy(self, form: _Form) -> None:
        try:
            policy = json.loads(base64.b64decode(form.fields["policy"], validate=True))
            expiration = datetime.fromisoformat(policy["expiration"]).astimezone(UTC)
            conditions = [_condition(given) for given in policy["conditions"]]
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise Refused(400, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") from error
        if self._now() > expiration:
            raise _against("Policy expired.")
        fields = {**form.fields, "bucket": form.bucket}
        for kind, name, value in conditions:
            if kind == "content-length-range":
                _check_size(len(form.file), int(name), int(value))
            elif not _holds(kind, fields.get(name, ""), value):
                told = json.dumps([kind, f"${name}", value])
                raise _against(f"Policy Condition failed: {told}")
        covered = {name for kind, name, _ in conditions if kind != "content-length-range"}
        extra = sorted(
            n for n in fields if n not in covered | {*_NOT_SIGNED} and not n.startswith("x-ignore-")
        )
        if extra:
            raise _against(f"Extra input fields: {', '.join(extra)}")


def posted(answer: Answer, environ: Environ) -> Answer:
    """Make the answer to a form of the answer to its `PUT`: without a body, as the form asks by default."""
    if not answer.good:
        return answer
    kept = [(name, value) for name, value in answer.headers if name.lower() in _TOLD]
    status = 200 if environ[POSTED] == "200" else 204
    return Answer(status, [*kept, ("Location", str(environ["RAW_URI"])), ("Content-Length", "0")])


_TOLD = ("etag", "x-amz-version-id", "x-amz-request-id")


def _read(environ: Environ) -> _Form:
    body = read_body(environ)
    parser = FormDataParser(max_form_memory_size=_FIELD_BYTES, silent=False)
    _, _, options = str(environ["CONTENT_TYPE"]).partition("boundary=")
    try:
        _, form, files = parser.parse(
            io.BytesIO(body), _KIND, len(body), {"boundary": options.partition(";")[0].strip().strip('"')}
        )
    except Exception as error:  # whatever the parser says of a body that somebody made up
        raise _malformed() from error
    uploads = files.getlist("file")
    if not uploads and "file" in form:  # a part without a file's name
        content, filename = form["file"].encode(), ""
    elif len(uploads) == 1:
        content, filename = uploads[0].read(), str(uploads[0].filename or "")
    else:
        message = "POST requires exactly one file upload per request."
        raise Refused(400, "InvalidArgument", message, ArgumentName="file", ArgumentValue=str(len(uploads)))
    fields: dict[str, str] = {}
    for name, value in form.items(multi=True):
        if name.lower() in fields:
            raise _malformed()
        fields[name.lower()] = value
    if not fields.get("key"):
        message = "Bucket POST must contain a field named 'key'. If it is specified, please check its order."
        raise Refused(400, "InvalidArgument", message, ArgumentName="key", ArgumentValue="")
    fields["key"] = fields["key"].replace("${filename}", filename)
    bucket = str(environ.get("PATH_INFO", "")).strip("/")
    return _Form(bucket, fields, content)


def _as_put(environ: Environ, form: _Form) -> Environ:
    path = f"/{form.bucket}/{form.fields['key']}"
    made: dict[str, Any] = {
        name: value
        for name, value in environ.items()
        if not name.startswith("HTTP_X_AMZ_") and name not in ("CONTENT_TYPE", "HTTP_AUTHORIZATION")
    }
    made |= {
        "REQUEST_METHOD": "PUT",
        "PATH_INFO": path.encode().decode("latin-1"),
        "RAW_URI": quote(path),
        "REQUEST_URI": quote(path),
        "QUERY_STRING": "",
        "HTTP_AUTHORIZATION": f"{_ALGORITHM} Credential={form.fields['x-amz-credential']}, "
        f"SignedHeaders=host, Signature={form.fields['x-amz-signature']}",
        POSTED: form.fields.get("success_action_status", "204"),
    }
    signature = ("x-amz-credential", "x-amz-signature", "x-amz-algorithm", "x-amz-date")
    for name, value in form.fields.items():
        if name in _HEADERS or (name.startswith("x-amz-") and name not in signature):
            variable = name.upper().replace("-", "_")
            made[variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}"] = value
    with_body(made, form.file)
    return made


def _condition(given: Any) -> tuple[str, str, str]:
    """`(eq | starts-with | content-length-range, field or least, value or most)`. Raises ValueError, TypeError."""
    if isinstance(given, dict):
        ((name, value),) = given.items()
        return "eq", str(name).lower(), str(value)
    kind, name, value = given
    if kind == "content-length-range":
        return kind, str(int(name)), str(int(value))
    if kind not in ("eq", "starts-with") or not str(name).startswith("$"):
        raise ValueError(f"no such condition: {kind}")
    return kind, str(name)[1:].lower(), str(value)


def _holds(kind: str, given: str, value: str) -> bool:
    return given == value if kind == "eq" else given.startswith(value)


def _check_size(size: int, least: int, most: int) -> None:
    if size > most:
        message = "Your proposed upload exceeds the maximum allowed size"
        raise Refused(400, "EntityTooLarge", message, ProposedSize=str(size), MaxSizeAllowed=str(most))
    if size < least:
        message = "Your proposed upload is smaller than the minimum allowed size"
        raise Refused(400, "EntityTooSmall", message, ProposedSize=str(size), MinSizeAllowed=str(least))


def _against(what: str) -> Refused:
    return Refused(403, "AccessDenied", f"Invalid according to Policy: {what}")


def _malformed() -> Refused:
    message = "The body of your POST request is not well-formed multipart/form-data."
    return Refused(400, "MalformedPOSTRequest", message)
