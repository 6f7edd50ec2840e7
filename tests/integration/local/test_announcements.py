"""Buckets that announce on one machine: the account's bus hears of every change, also after a kill."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest
import requests
from botocore.config import Config
from moto.s3.models import S3Backend

from infra.local.aws.bus import matches
from infra.local.aws.kept import KeptMessages
from infra.local.aws.queues import Queues
from infra.local.aws.vault import Change, Vault
from infra.local.aws.wsgi import Answer
from tests.integration.local.catalog import TRY
from tests.integration.local.conftest import ACCOUNT, ASSETS, INBOX, System


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


class _Queues(Queues):
    """Queues of one process: what was sent, and a way to say that it was handled."""

    def __init__(self, there: set[str]) -> None:
        super().__init__(lambda _: Answer(200), mock.Mock())
        self._there = there
        self.sent: list[tuple[str, str, str]] = []

    def names(self) -> set[str]:
        return self._there

    def send(self, queue: str, body: str, sent: Callable[[str], None] = lambda _: None) -> None:
        message_id = f"{body}-{len(self.sent)}"
        sent(message_id)
        self.sent.append((queue, body, message_id))

    def handle(self, body: str) -> None:
        self._gone(next(message_id for _, sent, message_id in self.sent if sent == body))


def test_what_nobody_handled_is_sent_again_by_the_next_process(tmp_path: Path) -> None:
    first = _Queues({"arrivals", "closed"})
    kept = KeptMessages(tmp_path / "messages", first)
    assert kept.resume() == 0
    held = [kept.hold("arrivals", body) for body in ("handled", "waiting", "written down")]
    kept.send([*held[:2], kept.hold("closed", "for a queue that goes")])
    first.handle("handled")
    (tmp_path / "messages" / "half.part").write_bytes(b"a process died here")

    second = _Queues({"arrivals"})
    again = KeptMessages(tmp_path / "messages", second)

    assert again.resume() == 2
    assert [(queue, body) for queue, body, _ in second.sent] == [
        ("arrivals", "waiting"),
        ("arrivals", "written down"),
    ]
    for body in ("waiting", "written down"):
        second.handle(body)
    (left,) = (tmp_path / "messages").iterdir()
    assert json.loads(left.read_text())["queue"] == "closed"


def test_a_change_is_written_down_before_it_is_on_disk(tmp_path: Path) -> None:
    """Whatever moment a process dies in, there is no object that nobody was told of."""
    backend = S3Backend(ACCOUNT, "aws")
    backend.create_bucket("inbox", "us-east-1")
    vault = Vault(tmp_path, backend)
    backend.put_object("inbox", "key", b"body")
    seen: list[tuple[str, list[Path]]] = []

    def tell(change: Change) -> None:
        seen.append((change.deletion, list(tmp_path.rglob("*.object"))))

    vault.keep("inbox", "key", tell)
    (written,) = tmp_path.rglob("*.object")
    vault.keep("inbox", "key", tell)
    backend.delete_object("inbox", "key")
    vault.keep("inbox", "key", tell)

    assert seen == [("", []), ("Permanently Deleted", [written])]
    assert not list(tmp_path.rglob("*.object"))


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
