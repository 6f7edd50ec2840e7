"""S3 on one machine: nothing that was acknowledged is lost, and only who may can read."""

from __future__ import annotations

import os
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.s3.models import S3Backend, s3_backends

from infra.local.aws.objects import Objects
from infra.local.aws.signatures import Presigned
from infra.local.aws.vault import Vault
from infra.local.aws.wsgi import Answer
from tests.integration.local.conftest import ACCOUNT, ASSETS, HANDOFF, PATIENCE, System, together

ODD_KEYS = ("plain", "a b+c%2F/é ☕/x.html", "dots/../and/./more", "q?x=1&y#z", "x" * 1000)


@pytest.mark.parametrize("key", ODD_KEYS)
def test_any_key_comes_back_as_it_went(system: System, key: str) -> None:
    s3 = system.aws("s3")
    s3.put_object(Bucket=HANDOFF, Key=key, Body=b"body", ContentType="text/plain", Metadata={"run_id": "7"})

    got = s3.get_object(Bucket=HANDOFF, Key=key)

    assert got["Body"].read() == b"body"
    assert got["ContentType"] == "text/plain"
    assert got["Metadata"] == {"run_id": "7"}


def test_if_none_match_lets_one_writer_through(system: System, tag: str) -> None:
    s3 = system.aws("s3")

    def put(index: int) -> str:
        s3.put_object(Bucket=HANDOFF, Key=tag, Body=str(index).encode(), IfNoneMatch="*")
        return str(index)

    results = together(put, 10)

    winners = [result for result in results if isinstance(result, str)]
    losers = [result for result in results if isinstance(result, ClientError)]
    assert len(winners) == 1
    assert {error.response["ResponseMetadata"]["HTTPStatusCode"] for error in losers} == {412}
    assert s3.get_object(Bucket=HANDOFF, Key=tag)["Body"].read() == winners[0].encode()


def test_writers_of_one_key_lose_no_version(system: System, tag: str) -> None:
    s3 = system.aws("s3")

    versions = together(
        lambda index: s3.put_object(Bucket=ASSETS, Key=tag, Body=str(index).encode())["VersionId"], 16
    )

    listed = s3.list_object_versions(Bucket=ASSETS, Prefix=tag)["Versions"]
    assert {version["VersionId"] for version in listed} == set(versions)


def test_readers_never_meet_a_closed_file(system: System, tag: str) -> None:
    s3 = system.aws("s3")
    s3.put_object(Bucket=HANDOFF, Key=tag, Body=b"0" * 10_000)

    def work(index: int) -> int:
        if index % 2:
            s3.put_object(Bucket=HANDOFF, Key=tag, Body=str(index)[-1:].encode() * 10_000)
        return len(s3.get_object(Bucket=HANDOFF, Key=tag)["Body"].read())

    assert together(work, 16) == [10_000] * 16


def _open(url: str, **options: Any) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **options)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def _signed(system: System, key: str, seconds: int = 60, secret: str | None = None, **more: Any) -> str:
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=system.about["aws_url"],
        region_name="us-east-1",
        aws_access_key_id="robo-local",
        aws_secret_access_key=secret or system.secrets["aws-secret-access-key"],
        config=Config(signature_version="s3v4"),
    )
    url: str = client.generate_presigned_url(
        "get_object", Params={"Bucket": ASSETS, "Key": key, **more}, ExpiresIn=seconds
    )
    return url


@pytest.mark.parametrize("key", ["plain.html", "a b+c/é.html"])
def test_a_signed_url_opens_its_object(system: System, key: str) -> None:
    system.aws("s3").put_object(Bucket=ASSETS, Key=key, Body=b"the page")

    disposition = 'attachment; filename="a b.html"'
    assert _open(_signed(system, key, ResponseContentDisposition=disposition)) == (200, "the page")


def test_a_signed_url_opens_nothing_else(system: System) -> None:
    s3 = system.aws("s3")
    s3.put_object(Bucket=ASSETS, Key="mine", Body=b"mine")
    s3.put_object(Bucket=ASSETS, Key="yours", Body=b"yours")
    url = _signed(system, "mine")

    other_key = _open(url.replace("/mine?", "/yours?"))
    longer = _open(url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"))
    other_method = _open(url, method="DELETE")
    other_secret = _open(_signed(system, "mine", secret="guessed"))

    for status, body in (other_key, longer, other_method, other_secret):
        assert status == 403
        assert "<Code>SignatureDoesNotMatch</Code>" in body
    assert _open(url) == (200, "mine")


def test_a_signed_url_expires(system: System) -> None:
    system.aws("s3").put_object(Bucket=ASSETS, Key="soon", Body=b"gone")
    ago = datetime.now(UTC) - timedelta(minutes=2)
    with mock.patch("botocore.auth.get_current_datetime", return_value=ago):
        over = _signed(system, "soon", seconds=119)
        open_yet = _signed(system, "soon", seconds=1_000)

    status, body = _open(over)

    assert _open(open_yet) == (200, "gone")
    assert status == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in body


def test_without_a_signature_nothing_is_read_or_written(system: System) -> None:
    system.aws("s3").put_object(Bucket=ASSETS, Key="private", Body=b"private")
    address = f"{system.about['aws_url']}/{ASSETS}/private"

    assert _open(address)[0] == 403
    assert _open(address, data=b"x", method="PUT")[0] == 403
    assert _open(f"{system.about['aws_url']}/{ASSETS}")[0] == 403


def _everything(s3: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for bucket in (ASSETS, HANDOFF):
        listed = s3.list_object_versions(Bucket=bucket)
        for version in listed.get("Versions", []):
            name = (bucket, version["Key"], version["VersionId"])
            got = s3.get_object(Bucket=bucket, Key=version["Key"], **_version(version))
            found[str(name)] = {
                "etag": got["ETag"],
                "type": got["ContentType"],
                "metadata": got["Metadata"],
                "modified": got["LastModified"],
                "latest": version["IsLatest"],
                "tags": got.get("TagCount", 0),
                "body": got["Body"].read(),
            }
        for marker in listed.get("DeleteMarkers", []):
            found[str((bucket, marker["Key"], marker["VersionId"], "marker"))] = marker["IsLatest"]
    return found


def _version(version: dict[str, Any]) -> dict[str, str]:
    return {} if version["VersionId"] == "null" else {"VersionId": version["VersionId"]}


def _use_everything(s3: Any) -> None:
    for key in ODD_KEYS:
        s3.put_object(
            Bucket=ASSETS, Key=key, Body=key.encode(), ContentType="text/html", Metadata={"step": "demo"},
            Tagging="kind=asset",
        )  # fmt: skip
        s3.put_object(Bucket=ASSETS, Key=key, Body=b"second")
        s3.put_object(Bucket=HANDOFF, Key=key, Body=b"first")
        s3.put_object(Bucket=HANDOFF, Key=key, Body=b"over")
    s3.delete_object(Bucket=ASSETS, Key="plain")
    first = s3.put_object(Bucket=ASSETS, Key="gone", Body=b"1")["VersionId"]
    s3.put_object(Bucket=ASSETS, Key="gone", Body=b"2")
    s3.delete_object(Bucket=ASSETS, Key="gone", VersionId=first)
    s3.copy_object(Bucket=HANDOFF, Key="copy", CopySource={"Bucket": ASSETS, "Key": ODD_KEYS[1]})
    for name in ("m1", "m2", "m3"):
        s3.put_object(Bucket=HANDOFF, Key=name, Body=b"m")
    s3.delete_objects(Bucket=HANDOFF, Delete={"Objects": [{"Key": "m1"}, {"Key": "m2"}]})
    upload = s3.create_multipart_upload(Bucket=ASSETS, Key="film.mp4", ContentType="video/mp4")["UploadId"]
    parts = [
        s3.upload_part(Bucket=ASSETS, Key="film.mp4", UploadId=upload, PartNumber=number, Body=body)["ETag"]
        for number, body in ((1, b"a" * 5 * 1024 * 1024), (2, b"b" * 100))
    ]
    s3.complete_multipart_upload(
        Bucket=ASSETS,
        Key="film.mp4",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": n + 1, "ETag": tag} for n, tag in enumerate(parts)]},
    )
    s3.put_object_tagging(
        Bucket=ASSETS, Key="film.mp4", Tagging={"TagSet": [{"Key": "kind", "Value": "film"}]}
    )


def test_everything_acknowledged_survives_kill_9(start: Callable[..., System]) -> None:
    first = start()
    _use_everything(first.aws("s3"))
    acknowledged: list[str] = []
    writing = threading.Event()

    def write(worker: int) -> None:
        s3 = first.aws("s3")
        try:
            for number in range(10_000):
                key = f"stream/{worker}/{number}"
                s3.put_object(Bucket=HANDOFF, Key=key, Body=key.encode() * 50)
                acknowledged.append(key)
                if len(acknowledged) > 40:
                    writing.set()
        except Exception:
            return  # the server is dead, as it should be

    before = _everything(first.aws("s3"))
    signed = _signed(first, ODD_KEYS[1])
    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    assert writing.wait(30)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(PATIENCE)
    for thread in threads:
        thread.join()

    again = start()
    s3 = again.aws("s3")
    assert _open(signed) == (200, "second"), "a signed URL outlives a restart"

    for key in list(acknowledged):
        assert s3.get_object(Bucket=HANDOFF, Key=key)["Body"].read() == key.encode() * 50
    after = _everything(s3)
    assert {name: value for name, value in after.items() if "stream/" not in name} == before
    s3.put_object(Bucket=ASSETS, Key="plain", Body=b"third")
    versions = s3.list_object_versions(Bucket=ASSETS, Prefix="plain")
    assert len(versions["Versions"]) == 3


def test_two_thousand_objects_are_loaded_and_their_bytes_stay_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # loading is shown here, not what a power cut leaves
    written = S3Backend("us-east-1", ACCOUNT)
    vault = Vault(tmp_path / "s3", written)
    written.create_bucket("loading-many", "us-east-1")
    for number in range(2_000):
        written.put_object("loading-many", f"runs/{number}", b"x" * 100)
    film = written.put_object("loading-many", "film", b"film" * 1024 * 1024)
    modified = film.last_modified
    vault.keep_bucket("loading-many")
    s3_backends.bucket_accounts.pop("loading-many")

    read = S3Backend("us-east-1", ACCOUNT)
    assert Vault(tmp_path / "s3", read).load() == 2_001
    again = read.get_object("loading-many", "film")
    assert again is not None
    assert again.last_modified == modified
    assert type(again._value_buffer).__name__ == "_Body", "the bytes are in the file alone"
    assert again.value == b"film" * 1024 * 1024
    s3_backends.bucket_accounts.pop("loading-many")


def test_what_a_dead_process_left_half_written_is_no_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = S3Backend("us-east-1", ACCOUNT)
    written.create_bucket("half-written", "us-east-1")
    vault = Vault(tmp_path, written)
    written.put_object("half-written", "whole", b"whole")
    written.put_object("half-written", "cut", b"cut short")
    vault.keep_bucket("half-written")
    files = {path: path.read_bytes() for path in tmp_path.rglob("*.object")}
    cut = next(path for path, data in files.items() if data.endswith(b"cut short"))
    cut.write_bytes(files[cut][:-3])
    (cut.parent / "new.object.77.part").write_bytes(b"{")
    s3_backends.bucket_accounts.pop("half-written")
    read = S3Backend("us-east-1", ACCOUNT)

    assert Vault(tmp_path, read).load() == 1

    assert list(read.buckets["half-written"].keys) == ["whole"]
    assert str(cut) in capsys.readouterr().err
    assert cut.exists(), "kept for its owner"
    assert not list(tmp_path.rglob("*.part"))
    s3_backends.bucket_accounts.pop("half-written")


def test_objects_expire_as_their_bucket_says(tmp_path: Path) -> None:
    backend = S3Backend("us-east-1", ACCOUNT)
    vault = Vault(tmp_path, backend)
    backend.create_bucket("expiring", "us-east-1")
    for key in ("old", "new"):
        backend.put_object("expiring", key, key.encode())
    backend.buckets["expiring"].keys["old"].last_modified -= timedelta(days=31)
    vault.keep_bucket("expiring")
    objects = Objects(lambda _: Answer(500), vault, Presigned({"key": "secret"}))

    gone = objects.expire("expiring", datetime.now(UTC) - timedelta(days=30))

    s3_backends.bucket_accounts.pop("expiring")
    assert gone == 1
    assert list(backend.buckets["expiring"].keys) == ["new"]
    assert [path.read_bytes()[-3:] for path in tmp_path.rglob("*.object")] == [b"new"]


def test_only_objects_under_the_prefix_of_a_lifecycle_expire(tmp_path: Path) -> None:
    backend = S3Backend("us-east-1", ACCOUNT)
    vault = Vault(tmp_path, backend)
    backend.create_bucket("prefixed", "us-east-1")
    for key in ("daily/old", "monthly/old"):
        backend.put_object("prefixed", key, b"x")
        backend.buckets["prefixed"].keys[key].last_modified -= timedelta(days=8)
    objects = Objects(lambda _: Answer(500), vault, Presigned({"key": "secret"}))

    gone = objects.expire("prefixed", datetime.now(UTC) - timedelta(days=7), "daily/")

    s3_backends.bucket_accounts.pop("prefixed")
    assert gone == 1
    assert list(backend.buckets["prefixed"].keys) == ["monthly/old"]


def test_replaced_versions_go_and_a_marker_that_hides_nothing_with_them(tmp_path: Path) -> None:
    backend = S3Backend("us-east-1", ACCOUNT)
    vault = Vault(tmp_path, backend)
    backend.create_bucket("versions", "us-east-1")
    backend.put_bucket_versioning("versions", "Enabled")
    for key, bodies in {"kept": (b"1", b"2", b"3"), "deleted": (b"1", b"2"), "late": (b"1", b"2")}.items():
        for body in bodies:
            backend.put_object("versions", key, body)
    backend.delete_object("versions", "deleted")
    backend.delete_object("versions", "late")
    long_ago = timedelta(days=31)
    for key in ("kept", "deleted"):
        for version in backend.buckets["versions"].keys.getlist(key):
            version.last_modified -= long_ago
    vault.keep_bucket("versions")
    objects = Objects(lambda _: Answer(500), vault, Presigned({"key": "secret"}))

    gone = objects.expire_replaced("versions", datetime.now(UTC) - timedelta(days=30))

    left = {
        key: len(backend.buckets["versions"].keys.getlist(key, [])) for key in ("kept", "deleted", "late")
    }
    s3_backends.bucket_accounts.pop("versions")
    # Two of `kept`; both of `deleted` and its marker; those of `late` were hidden today.
    assert gone == 5
    assert left == {"kept": 1, "deleted": 0, "late": 3}
    assert len(list(tmp_path.rglob("*.object"))) == 4
