"""What calls of S3 need.

Source: docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html and, for keys,
UsingKMSEncryption.html beside it: S3 uses the key of a bucket in the caller's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from infra.rights.calls.model import Need, Parameters, Place, Rule


def _object(*actions: str, key_action: str = "") -> Rule:
    """Actions on the object of the request. key_action: what S3 does with the bucket's KMS key in the caller's name.

    docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html: the caller needs kms:Decrypt to read and
    kms:GenerateDataKey to write, kms:Decrypt too for the parts of a multipart upload.
    """

    def rule(given: Parameters, place: Place) -> Iterable[Need]:
        yield from (Need(action, place.bucket(given["Bucket"], given["Key"])) for action in actions)
        if key_action:
            yield from _key(key_action, given["Bucket"], place)

    return rule


def _key(action: str, bucket: str, place: Place) -> Iterable[Need]:
    if bucket in place.keys:
        context = {"kms:ViaService": f"s3.{place.region}.amazonaws.com"}
        yield Need(action, place.keys[bucket], context)


def _bucket(*actions: str) -> Rule:
    return lambda given, place: (Need(action, place.bucket(given["Bucket"])) for action in actions)


def _reading(given: Parameters, place: Place, of: str = "") -> Iterable[Need]:
    """GetObject and HeadObject; a version that is named is another action."""
    version = "Version" if given.get("VersionId") else ""
    action = f"s3:GetObject{version}{of}"
    yield Need(action, place.bucket(given["Bucket"], given["Key"]))
    if not of:
        yield from _key("kms:Decrypt", given["Bucket"], place)


def _writing(given: Parameters, place: Place) -> Iterable[Need]:
    """PutObject; tags, a legal hold or a retention that come with it are actions of their own."""
    arn = place.bucket(given["Bucket"], given["Key"])
    yield Need("s3:PutObject", arn)
    for parameter, action in _WITH_AN_OBJECT.items():
        if given.get(parameter):
            yield Need(action, arn)
    yield from _key("kms:GenerateDataKey", given["Bucket"], place)


_WITH_AN_OBJECT = {
    "Tagging": "s3:PutObjectTagging",
    "ACL": "s3:PutObjectAcl",
    "ObjectLockMode": "s3:PutObjectRetention",
    "ObjectLockLegalHoldStatus": "s3:PutObjectLegalHold",
}


def _multipart(given: Parameters, place: Place) -> Iterable[Need]:
    yield from _writing(given, place)
    yield from _key("kms:Decrypt", given["Bucket"], place)


def _copying(given: Parameters, place: Place) -> Iterable[Need]:
    source = given["CopySource"]
    if isinstance(source, str):
        parts = urlsplit(source)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        version = parts.query.removeprefix("versionId=")
    else:
        bucket, key, version = source["Bucket"], source["Key"], source.get("VersionId", "")
    yield from _reading({"Bucket": bucket, "Key": key, "VersionId": version}, place)
    yield from _writing(given, place)


def _deleting(given: Parameters, place: Place) -> Iterable[Need]:
    yield Need(
        "s3:DeleteObjectVersion" if given.get("VersionId") else "s3:DeleteObject",
        place.bucket(given["Bucket"], given["Key"]),
    )


def _deleting_many(given: Parameters, place: Place) -> Iterable[Need]:
    for entry in given["Delete"]["Objects"]:
        yield from _deleting({"Bucket": given["Bucket"], **entry}, place)


OBJECTS: dict[str, Rule] = {
    "GetObject": _reading,
    "HeadObject": _reading,
    "GetObjectAttributes": lambda given, place: (
        *_reading(given, place),
        *_reading(given, place, of="Attributes"),
    ),
    "GetObjectTagging": lambda given, place: _reading(given, place, of="Tagging"),
    "PutObject": _writing,
    "CreateMultipartUpload": _multipart,
    "UploadPart": _multipart,
    "CompleteMultipartUpload": _multipart,
    "AbortMultipartUpload": _object("s3:AbortMultipartUpload"),
    "ListParts": _object("s3:ListMultipartUploadParts"),
    "CopyObject": _copying,
    "UploadPartCopy": _copying,
    "DeleteObject": _deleting,
    "DeleteObjects": _deleting_many,
    "PutObjectTagging": _object("s3:PutObjectTagging"),
    "PutObjectRetention": _object("s3:PutObjectRetention"),
    "GetObjectRetention": _object("s3:GetObjectRetention"),
    "RestoreObject": _object("s3:RestoreObject"),
    "HeadBucket": _bucket("s3:ListBucket"),
    "ListObjects": _bucket("s3:ListBucket"),
    "ListObjectsV2": _bucket("s3:ListBucket"),
    "ListObjectVersions": _bucket("s3:ListBucketVersions"),
    "ListMultipartUploads": _bucket("s3:ListBucketMultipartUploads"),
    "GetBucketLocation": _bucket("s3:GetBucketLocation"),
    "GetBucketVersioning": _bucket("s3:GetBucketVersioning"),
    "PutBucketVersioning": _bucket("s3:PutBucketVersioning"),
    "PutBucketPolicy": _bucket("s3:PutBucketPolicy"),
    "DeleteBucketPolicy": _bucket("s3:DeleteBucketPolicy"),
    "PutBucketAcl": _bucket("s3:PutBucketAcl"),
    "PutPublicAccessBlock": _bucket("s3:PutBucketPublicAccessBlock"),
    "PutBucketLifecycleConfiguration": _bucket("s3:PutLifecycleConfiguration"),
    "PutBucketReplication": _bucket("s3:PutReplicationConfiguration"),
    "CreateBucket": _bucket("s3:CreateBucket"),
    "DeleteBucket": _bucket("s3:DeleteBucket"),
    "ListBuckets": lambda _, __: [Need("s3:ListAllMyBuckets", "*")],
}
