"""Which operation of AWS a request is: what boto3 was asked for, read back from what it sent.

Sources: for S3 the request syntax of each operation in docs.aws.amazon.com/AmazonS3/latest/API; for the others their
protocols in smithy.io/2.0/aws/protocols.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote

import xmltodict  # type: ignore[import-untyped]

from infra.local.aws.wsgi import Environ, read_body, read_json
from infra.rights.calls import Call, UnknownCall

_TARGETS = {
    "AWSEvents": "events",
    "AWSStepFunctions": "stepfunctions",
    "AmazonSQS": "sqs",
    "secretsmanager": "secretsmanager",
    "TrentService": "kms",
}
_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_MODEL = re.compile(r"/model/([^/]+)/invoke")
_MAIL = "/v2/email/outbound-emails"
_FORMS = ("rds",)
"""Services that take a form with the operation in `Action`."""

_OBJECT = {
    ("GET", ""): "GetObject",
    ("GET", "uploadId"): "ListParts",
    ("GET", "tagging"): "GetObjectTagging",
    ("GET", "attributes"): "GetObjectAttributes",
    ("GET", "retention"): "GetObjectRetention",
    ("HEAD", ""): "HeadObject",
    ("PUT", ""): "PutObject",
    ("PUT", "uploadId"): "UploadPart",
    ("PUT", "tagging"): "PutObjectTagging",
    ("PUT", "retention"): "PutObjectRetention",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("POST", "restore"): "RestoreObject",
    ("DELETE", ""): "DeleteObject",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
}
_COPIES = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}
_BUCKET = {
    ("GET", ""): "ListObjects",
    ("GET", "list-type"): "ListObjectsV2",
    ("GET", "versions"): "ListObjectVersions",
    ("GET", "uploads"): "ListMultipartUploads",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "versioning"): "GetBucketVersioning",
    ("HEAD", ""): "HeadBucket",
    ("PUT", ""): "CreateBucket",
    ("PUT", "acl"): "PutBucketAcl",
    ("PUT", "lifecycle"): "PutBucketLifecycleConfiguration",
    ("PUT", "policy"): "PutBucketPolicy",
    ("PUT", "publicAccessBlock"): "PutPublicAccessBlock",
    ("PUT", "replication"): "PutBucketReplication",
    ("PUT", "versioning"): "PutBucketVersioning",
    ("POST", "delete"): "DeleteObjects",
    ("DELETE", ""): "DeleteBucket",
    ("DELETE", "policy"): "DeleteBucketPolicy",
}
# Parts of a query that ask for nothing else, but say how.
_HOW = re.compile(
    r"versionId|partNumber|x-id|X-Amz-.*|response-.*|prefix|delimiter|max-keys|encoding-type|continuation-token"
    r"|start-after|fetch-owner|marker|key-marker|version-id-marker"
)
_HEADERS = {
    "CopySource": "HTTP_X_AMZ_COPY_SOURCE",
    "Tagging": "HTTP_X_AMZ_TAGGING",
    "ACL": "HTTP_X_AMZ_ACL",
    "ObjectLockMode": "HTTP_X_AMZ_OBJECT_LOCK_MODE",
    "ObjectLockLegalHoldStatus": "HTTP_X_AMZ_OBJECT_LOCK_LEGAL_HOLD",
}


def recognise(environ: Environ, service: str) -> Call:
    """The call that a request is, with the parameters that say what it touches. Raises UnknownCall.

    service: what the request is signed for, `s3`, `ses`, …
    """
    prefix, _, operation = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")
    if prefix:
        known = _TARGETS.get(prefix.partition("_")[0])
        if known is None:
            raise UnknownCall(f"{service} {prefix}.{operation}: not known on one machine")
        return Call(known, operation, read_json(environ))
    path = str(environ.get("PATH_INFO", ""))
    if service == "s3":
        return _s3(environ, path.encode("latin-1").decode("utf-8", "replace"))
    if service in _FORMS:
        form = {name: values[-1] for name, values in parse_qs(read_body(environ).decode()).items()}
        return Call(service, form.get("Action", ""), form)
    if service == "lambda" and (found := _INVOKE.fullmatch(path)):
        return Call("lambda", "Invoke", {"FunctionName": unquote(found[1])})
    if service == "bedrock" and (found := _MODEL.fullmatch(path)):
        return Call("bedrock-runtime", "InvokeModel", {"modelId": unquote(found[1])})
    if service == "ses" and path == _MAIL:
        return Call("sesv2", "SendEmail", read_json(environ))
    raise UnknownCall(f"{service} {environ.get('REQUEST_METHOD')} {path}: not known on one machine")


def _s3(environ: Environ, path: str) -> Call:
    method = str(environ["REQUEST_METHOD"])
    query = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    bucket, _, key = path.lstrip("/").partition("/")
    asked = sorted(name for name in query if not _HOW.fullmatch(name))
    if not bucket:
        return Call("s3", "ListBuckets", {})
    operation = (_OBJECT if key else _BUCKET).get((method, asked[0] if asked else ""))
    if operation is None or len(asked) > 1:
        raise UnknownCall(f"s3 {method} ?{'&'.join(asked)}: not known on one machine")
    parameters: dict[str, Any] = {"Bucket": bucket}
    parameters |= {name: environ[header] for name, header in _HEADERS.items() if environ.get(header)}
    if key:
        parameters |= {"Key": key, "VersionId": query.get("versionId", [""])[-1]}
    if operation == "DeleteObjects":
        told = xmltodict.parse(read_body(environ), force_list=("Object",))["Delete"]
        parameters["Delete"] = {"Objects": told["Object"]}
    return Call(
        "s3", _COPIES.get(operation, operation) if "CopySource" in parameters else operation, parameters
    )
