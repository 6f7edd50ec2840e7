"""Buckets that announce on one machine: the account's bus hears of every change, also after a kill."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from infra.local.aws.bus import matches
from tests.integration.local.catalog import TRY
from tests.integration.local.conftest import ACCOUNT, ASSETS, INBOX, System, eventually


def _told(system: System, tag: str, count: int = 1) -> list[dict[str, Any]]:
    return [call["event"] for call in system.calls("arrive", tag, count)]


def test_a_new_object_is_announced_as_s3_does(system: System, tag: str) -> None:
    key = f"a b/{tag}+é.md"
    put = system.aws("s3").put_object(Bucket=INBOX, Key=key, Body=b"hello")

    (event,) = _told(system, tag)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
    assert re.fullmatch(r"[0-9a-f-]{36}", event.pop("id"))
    detail = event["detail"]
    assert re.fullmatch(r"[0-9A-F]{16}", detail["object"].pop("sequencer"))
    assert re.fullmatch(r"[0-9A-F]{16}", detail.pop("request-id"))
    assert event == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{INBOX}"],
        "detail": {
            "version": "0",
            "bucket": {"name": INBOX},
            "object": {
                "key": key,
                "size": 5,
                "etag": put["ETag"].strip('"'),
                "version-id": put["VersionId"],
            },
            "requester": ACCOUNT,
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    }


def test_copies_parts_and_deletions_are_announced_in_their_order(system: System, tag: str) -> None:
    s3 = system.aws("s3")
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    first = s3.put_object(Bucket=INBOX, Key=tag, Body=b"1")["VersionId"]
    copied = s3.copy_object(Bucket=INBOX, Key=tag, CopySource=f"{INBOX}/{tag}", Metadata={"a": "b"},
                            MetadataDirective="REPLACE")["VersionId"]  # fmt: skip
    upload = s3.create_multipart_upload(Bucket=INBOX, Key=tag)["UploadId"]
    part = s3.upload_part(Bucket=INBOX, Key=tag, UploadId=upload, PartNumber=1, Body=b"22")
    whole = s3.complete_multipart_upload(
        Bucket=INBOX,
        Key=tag,
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    )["VersionId"]
    marker = s3.delete_object(Bucket=INBOX, Key=tag)["VersionId"]
    s3.delete_object(Bucket=INBOX, Key=tag, VersionId=first)
    s3.put_object_tagging(Bucket=INBOX, Key=tag, VersionId=whole, Tagging=tags)

    told = sorted(_told(system, tag, 5), key=lambda event: str(event["detail"]["object"]["sequencer"]))

    assert [
        (
            event["detail-type"],
            event["detail"]["reason"],
            event["detail"].get("deletion-type"),
            event["detail"]["object"]["version-id"],
            event["detail"]["object"].get("size"),
        )
        for event in told
    ] == [
        ("Object Created", "PutObject", None, first, 1),
        ("Object Created", "CopyObject", None, copied, 1),
        ("Object Created", "CompleteMultipartUpload", None, whole, 2),
        ("Object Deleted", "DeleteObject", "Delete Marker Created", marker, None),
        ("Object Deleted", "DeleteObject", "Permanently Deleted", first, None),
    ]


def test_only_s3_speaks_for_s3_and_only_of_buckets_that_announce(system: System, tag: str) -> None:
    system.aws("s3").put_object(Bucket=ASSETS, Key=tag, Body=b"quiet")
    entry = {"Source": "aws.s3", "DetailType": "Object Created", "Detail": f'{{"tag": "{tag}"}}'}
    (refused,) = system.aws("events").put_events(Entries=[entry])["Entries"]
    system.aws("s3").put_object(Bucket=INBOX, Key=f"{tag}-loud", Body=b"loud")

    (event,) = _told(system, tag)

    assert refused["ErrorCode"] == "NotAuthorizedForSourceException"
    assert event["detail"]["object"]["key"] == f"{tag}-loud"


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"source": "ours"}, False),
        ({"detail": {"bucket": {"name": ASSETS}}}, False),
        ({"detail": {}}, False),
    ],
    ids=["of this bucket", "of somebody else", "of another bucket", "of none"],
)  # fmt: skip
def test_a_rule_for_a_bucket_matches_what_s3_says_of_it(change: dict[str, Any], fits: bool) -> None:
    rule = next(rule for rule in TRY.rules if rule.buckets)
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": INBOX}}}

    assert matches(rule, event | change) is fits


def test_what_was_acknowledged_is_announced_after_a_kill(start: Callable[..., System], tag: str) -> None:
    system = start()
    keys = [f"{tag}-gate-{number}" for number in range(6)]
    for key in keys:
        system.aws("s3").put_object(Bucket=INBOX, Key=key, Body=b"x")
    system.aws("s3").put_object(Bucket=INBOX, Key=f"{tag}-handled", Body=b"x")
    messages = system.folder / "s3-messages"
    _told(system, tag, 4)  # some are being handled, others wait in the queue
    assert len(list(messages.iterdir())) >= len(keys)
    system.process.kill()
    system.process.wait()

    again = start()
    for key in keys:
        again.invoke("release", {"tag": key})
    told = _told(again, tag, 6)

    assert {event["detail"]["object"]["key"] for event in told} >= set(keys)
    eventually(lambda: not list(messages.iterdir()))


@pytest.fixture
def post(system: System) -> Callable[..., requests.Response]:
    """Posts a form that was signed for `key`, ten bytes at most, of plain text, with fields changed or added."""
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=system.about["aws_url"],
        region_name="us-east-1",
        aws_access_key_id="robo-local",
        aws_secret_access_key=system.secrets["aws-secret-access-key"],
        config=Config(signature_version="s3v4"),
    )

    def send(signed_key: str, body: bytes, seconds: int = 60, **changed: str) -> requests.Response:
        said = {"Content-Type": "text/plain", "x-amz-meta-attributes": "eyJ9"}
        form = client.generate_presigned_post(
            INBOX,
            signed_key,
            Fields=dict(said),
            Conditions=[*({name: value} for name, value in said.items()), ["content-length-range", 1, 10]],
            ExpiresIn=seconds,
        )
        fields = form["fields"] | {name.replace("_", "-"): value for name, value in changed.items()}
        return requests.post(form["url"], fields, files={"file": ("a.txt", body)}, timeout=30)

    return send


def test_a_signed_form_uploads_what_it_says(
    system: System, post: Callable[..., requests.Response], tag: str
) -> None:
    answer = post(f"a b/{tag}é", b"ten bytes!")

    assert (answer.status_code, answer.content) == (204, b"")
    got = system.aws("s3").get_object(Bucket=INBOX, Key=f"a b/{tag}é")
    assert got["Body"].read() == b"ten bytes!"
    assert (got["ContentType"], got["Metadata"]) == ("text/plain", {"attributes": "eyJ9"})
    assert answer.headers["ETag"] == got["ETag"]
    assert answer.headers["x-amz-version-id"] == got["VersionId"]
    (event,) = _told(system, tag)
    assert event["detail"]["reason"] == "POST Object"


@pytest.mark.parametrize(
    ("changed", "status", "code", "message"),
    [
        ({"body": b"eleven byte"}, 400, "EntityTooLarge", "exceeds the maximum allowed size"),
        ({"body": b""}, 400, "EntityTooSmall", "smaller than the minimum"),
        ({"seconds": -5}, 403, "AccessDenied", "Policy expired"),
        ({"key": "another"}, 403, "AccessDenied", "Policy Condition failed"),
        ({"x_amz_meta_attributes": "e30"}, 403, "AccessDenied", "Policy Condition failed"),
        ({"Content_Type": "text/html"}, 403, "AccessDenied", "Policy Condition failed"),
        ({"x_amz_meta_more": "e30"}, 403, "AccessDenied", "Extra input fields: x-amz-meta-more"),
        ({"x_amz_signature": "0" * 64}, 403, "SignatureDoesNotMatch", "does not match"),
        ({"policy": "e30="}, 403, "SignatureDoesNotMatch", "does not match"),
        ({"policy": ""}, 403, "SignatureDoesNotMatch", "does not match"),
    ],
    ids=["too large", "empty", "expired", "key", "metadata", "type", "more", "signature", "policy", "no policy"],
)  # fmt: skip
def test_a_signed_form_uploads_nothing_else(
    system: System,
    post: Callable[..., requests.Response],
    tag: str,
    changed: dict[str, Any],
    status: int,
    code: str,
    message: str,
) -> None:
    given = {"body": b"fine", **changed}
    answer = post(tag, **given)

    assert answer.status_code == status
    assert f"<Code>{code}</Code>" in answer.text
    assert message in answer.text
    assert not system.aws("s3").list_objects_v2(Bucket=INBOX, Prefix=tag).get("Contents")
