"""A real kit of the real pipeline, looked at as its reader does."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zipfile import ZipFile

import av
import pytest
from PIL import Image
from playwright.sync_api import Browser

from functions.studio.archive import write_zip
from functions.studio.coverage import requirement_gaps
from infra.local.chaos.audit import KIT_FILES, breaches
from infra.local.chaos.instance import Instance, assets_bucket, await_value
from shared.adapters.objects import S3ObjectStore
from tests.e2e.browser import click_through, fresh_page, violations
from tests.e2e.system import Kit, Reply, ledger, send

REQUIREMENT = "FR-1"
PLACES = (
    "docs/plan.json",
    "docs/wireframe.json",
    "prototypes/index.html",
    "project/src/",
    "project/tests/",
)


def test_every_promised_file_is_there(kit: Kit) -> None:
    paths = {asset["path"] for asset in kit.assets}
    assert paths >= set(KIT_FILES)
    assert {path.split("/")[0] for path in paths} == {"docs", "prototypes", "videos", "project", "exports"}
    assert any(path.startswith("project/src/") and path.endswith(".py") for path in paths)
    assert any(path.startswith("project/tests/test_") for path in paths)
    on_disk = {str(p.relative_to(kit.folder)) for p in kit.folder.rglob("*") if p.is_file()}
    assert on_disk == paths | {"kit.json"}


def test_the_run_kept_every_promise(system: Instance, kit: Kit) -> None:
    assert breaches(system, kit.client, kit.run) == []


def test_kit_json_says_what_lies_there(kit: Kit) -> None:
    told = kit.json("kit.json")
    for entry in told["assets"]:
        content = (kit.folder / entry["path"]).read_bytes()
        assert entry["bytes"] == len(content) > 0
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert {entry["path"] for entry in told["assets"]} == {asset["path"] for asset in kit.assets}
    assert told["run"]["status"] == "completed"
    assert [step["status"] for step in told["steps"]] == ["completed"] * 8
    assert told["spend"]["spent"] == sum(step["cost_microusd"] for step in told["steps"])
    assert told["spend"]["input_tokens"] == sum(step["input_tokens"] for step in told["steps"])


def test_every_artefact_says_that_no_model_has_drafted_it(kit: Kit) -> None:
    told = kit.json("kit.json")
    assert all(name.startswith("offline") for name in told["model"])
    for path in ("docs/prd.md", "docs/script.md", "project/README.md", "prototypes/index.html"):
        assert "the offline drafter" in (kit.folder / path).read_text(encoding="utf-8"), path
    for name in ("market_analysis", "plan", "cloud_estimate", "wireframe"):
        assert kit.json(f"docs/{name}.json")["drafted_by"].startswith("the offline drafter"), name
    with ZipFile(kit.folder / "exports/kit.zip") as archive:
        assert "Drafted by the offline drafter" in archive.read("README.txt").decode()


def test_every_requirement_is_planned_drawn_clickable_built_and_tested(kit: Kit) -> None:
    assert requirement_gaps(kit.files) == []
    assert REQUIREMENT in kit.files["docs/prd.md"].decode()


@pytest.mark.parametrize("place", PLACES)
def test_a_requirement_that_an_artefact_lacks_is_reported(kit: Kit, place: str) -> None:
    files: dict[str, str | bytes] = dict(kit.files)
    for path in [path for path in files if path.startswith(place) and not path.endswith(".png")]:
        text = kit.files[path].decode()
        text = re.sub(rf"\b{REQUIREMENT}\b", "FR-99", text)
        files[path] = re.sub(r"fr_?1(?=_|\b)", "fr_99", text)

    gaps = requirement_gaps(files)

    assert gaps
    assert all(gap.startswith(f"{REQUIREMENT} is not in {place}") for gap in gaps)


def test_the_market_analysis_compares_and_names_its_sources(kit: Kit) -> None:
    analysis = kit.json("docs/market_analysis.json")
    known = {item["id"]: item for item in analysis["comparables"]}
    assert len(known) >= 3
    assert all(item["url"].startswith("https://") and item["description"] for item in known.values())
    assert {item["comparable_id"] for item in analysis["competitors"]} <= set(known)
    assert analysis["claims"]
    for claim in analysis["claims"]:
        source = claim["source"]
        assert source["type"] == claim["kind"]
        match source["type"]:
            case "comparable":
                assert source["name"] == known[source["id"]]["name"]
            case "lead":
                assert source["quote"] in kit.project["idea"]
            case "assumption":
                assert source["reason"]
            case other:
                raise AssertionError(other)


def test_the_film_plays_to_its_end(kit: Kit) -> None:
    seen = 0
    pictures: set[bytes] = set()
    with av.open(str(kit.folder / "videos/demo.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 1280, 720)
        assert stream.codec_context.pix_fmt == "yuv420p"
        last = -1
        for frame in film.decode(stream):
            assert frame.pts is not None
            assert frame.pts > last
            last = frame.pts
            assert not frame.is_corrupt
            if seen % 50 == 0:
                small = frame.to_image().convert("L").resize((160, 90))  # type: ignore[no-untyped-call]
                darkest, lightest = small.getextrema()
                assert int(lightest) - int(darkest) > 60, f"nothing is on frame {seen}"
                pictures.add(small.tobytes())
            seen += 1
        assert stream.average_rate is not None
        seconds = seen / float(stream.average_rate)
        assert seen == stream.frames
    assert 20 <= seconds <= 60
    assert len(pictures) > 3


def test_the_wireframe_is_a_picture(kit: Kit) -> None:
    with Image.open(kit.folder / "docs/wireframe.png") as picture:
        picture.load()
        assert picture.width >= 800
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 10
    assert len(kit.json("docs/wireframe.json")["screens"]) >= 3


def test_the_generated_project_passes_its_own_tests(kit: Kit, tmp_path: Path) -> None:
    for path, content in kit.files.items():
        if path.startswith("project/"):
            place = tmp_path / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-m", "unittest", "discover", "-s", "tests"],
        cwd=tmp_path / "project",
        env={"PATH": os.defpath, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ran = re.search(r"Ran (\d+) tests", done.stderr)
    assert ran is not None
    assert int(ran[1]) > 10
    assert "skipped" not in done.stderr


def test_the_prototype_works_by_clicking_and_is_for_everybody(browser: Browser, kit: Kit) -> None:
    page_path = kit.folder / "prototypes/index.html"
    with fresh_page(browser) as page:
        report = click_through(page, page_path)
        assert report.faults() == []
        assert report.actions
        assert len(report.screens) == len(kit.json("docs/wireframe.json")["screens"])
        page.goto(page_path.as_uri())
        for screen in report.screens:
            page.evaluate("name => { location.hash = `#/${name}`; }", screen)
            page.locator("main h1").wait_for()
            serious = [fault for fault in violations(page) if fault.startswith(("serious", "critical"))]
            assert serious == []


def test_the_archive_is_byte_identical_when_packed_again(kit: Kit) -> None:
    packed = kit.files["exports/kit.zip"]
    with ZipFile(BytesIO(packed)) as archive:
        assert archive.testzip() is None
        entries = {name: archive.read(name) for name in archive.namelist()}
    sink = BytesIO()
    write_zip(entries.items(), sink)
    assert sink.getvalue() == packed
    readme = entries.pop("README.txt").decode()
    assert kit.project["name"] in readme
    assert entries == {path: data for path, data in kit.files.items() if path != "exports/kit.zip"}


def get(url: str) -> Reply:
    parts = urlsplit(url)
    return send(url, "GET", urlunsplit(("", "", parts.path, parts.query, "")))


def altered(url: str, name: str, value: str) -> str:
    changed, count = re.subn(rf"(?<=[?&]{name}=)[^&]*", value, url)
    assert count == 1
    return changed


def test_signed_urls_open_one_file_and_cannot_be_altered(kit: Kit) -> None:
    asset = next(item for item in kit.assets if item["path"] == "docs/prd.md")
    url = asset["url"]
    served = get(url)
    assert served.status == 200
    assert served.body == kit.files["docs/prd.md"]
    assert served.headers["content-disposition"].startswith("attachment")
    other = next(item for item in kit.assets if item["path"] == "docs/plan.json")
    forged = [
        altered(url, "X-Amz-Signature", "0" * 64),
        altered(url, "X-Amz-Expires", "604800"),
        altered(url, "X-Amz-Date", "20261122T235959Z"),
        altered(url, "response-content-type", "text%2Fhtml"),
        url.replace(urlsplit(url).path, urlsplit(other["url"]).path),
        url.partition("?")[0],
    ]
    assert [get(each).status for each in forged] == [403] * len(forged)


def test_a_signed_url_expires(system: Instance, kit: Kit) -> None:
    asset = next(item for item in kit.assets if item["path"] == "docs/prd.md")
    with closing(system.s3()) as client:
        url = S3ObjectStore(client).signed_url(
            assets_bucket(),
            f"projects/{kit.run['project_id']}/{asset['path']}",
            seconds=3,
            filename="prd.md",
            content_type="text/markdown",
        )
    assert get(url).status == 200
    late = await_value(
        lambda: reply if (reply := get(url)).status != 200 else None, 10, "the URL still opens"
    )
    assert late.status == 403
    assert b"Request has expired" in late.body


def test_the_campaign_is_three_drafts_to_the_lead(system: Instance, kit: Kit) -> None:
    campaign = kit.project["campaign"]
    mails = campaign["mails"]
    assert campaign["type"] == "warmup"
    assert [(mail["position"], mail["status"]) for mail in mails] == [
        (1, "draft"),
        (2, "draft"),
        (3, "draft"),
    ]
    assert all(mail["subject"] and mail["body"] and mail["call_to_action"] for mail in mails)
    days = [mail["day"] for mail in mails]
    assert days == sorted(set(days))
    lead = system.fetch_all(
        "SELECT l.email FROM marketing.email_campaigns c JOIN agency.leads l ON l.id = c.lead_id "
        "WHERE c.run_id = %(id)s",
        {"id": kit.run["id"]},
    )
    assert len(lead) == 1


def test_the_webhook_came_once_and_was_signed(system: Instance, kit: Kit) -> None:
    received = send(system.url, "GET", "/_local/webhooks").json()["data"]
    ours = [hook for hook in received if hook["payload"]["data"]["run_id"] == kit.run["id"]]
    assert len(ours) == 1
    assert ours[0]["verified"] is True
    assert ours[0]["payload"]["type"] == "project_completed"
    assert ours[0]["payload"]["data"]["project_id"] == kit.run["project_id"]
    told = kit.client.project(kit.run["project_id"])["webhook"]
    assert (told["status"], told["response_status"], told["id"]) == ("delivered", 204, ours[0]["id"])


def rows_of(system: Instance, kit: Kit, sql: str) -> list[dict[str, Any]]:
    return system.fetch_all(sql, {"run": kit.run["id"], "project": kit.run["project_id"]})


def test_the_plan_stands_in_the_tables(system: Instance, kit: Kit) -> None:
    plan = kit.json("docs/plan.json")
    epics = rows_of(system, kit, "SELECT * FROM planning.epics WHERE run_id = %(run)s")
    assert {epic["reference"] for epic in epics} == {epic["id"] for epic in plan["epics"]}
    stories = rows_of(
        system,
        kit,
        "SELECT s.*, (SELECT count(*) FROM planning.tasks t WHERE t.story_id = s.id) AS tasks "
        "FROM planning.stories s JOIN planning.epics e ON e.id = s.epic_id WHERE e.run_id = %(run)s",
    )
    in_tables = {story["reference"]: (story["requirements"], story["tasks"]) for story in stories}
    in_file = {story["id"]: (story["requirements"], len(story["tasks"])) for story in plan["stories"]}
    assert in_tables == in_file
    waits = rows_of(
        system,
        kit,
        "SELECT d.* FROM planning.story_dependencies d JOIN planning.stories s ON s.id = d.story_id "
        "JOIN planning.epics e ON e.id = s.epic_id WHERE e.run_id = %(run)s",
    )
    assert len(waits) == sum(len(set(story["depends_on"])) for story in plan["stories"])
    checked = rows_of(system, kit, "SELECT * FROM planning.bmad_validations WHERE run_id = %(run)s")
    assert [(row["is_valid"], row["score"]) for row in checked] == [
        (plan["validation"]["is_valid"], plan["validation"]["score"])
    ]
    estimates = rows_of(system, kit, "SELECT * FROM planning.cloud_estimates WHERE run_id = %(run)s")
    told = kit.json("docs/cloud_estimate.json")["environments"]
    assert {row["environment"]: row["monthly_cost"] for row in estimates} == {
        each["environment"]: each["monthly_cost"] for each in told
    }


def test_the_project_and_its_files_stand_in_the_tables(system: Instance, kit: Kit) -> None:
    (made,) = rows_of(system, kit, "SELECT * FROM studio.generated_projects WHERE run_id = %(run)s")
    files = rows_of(
        system,
        kit,
        "SELECT f.* FROM studio.project_files f JOIN studio.generated_projects g "
        "ON g.id = f.generated_project_id WHERE g.run_id = %(run)s",
    )
    code = {p.removeprefix("project/"): c for p, c in kit.files.items() if p.startswith("project/")}
    assert made["status"] == "completed"
    assert (made["total_files"], made["total_size"]) == (len(code), sum(map(len, code.values())))
    assert {row["file_path"]: row["content_hash"] for row in files} == {
        path: hashlib.sha256(content).hexdigest() for path, content in code.items()
    }


def test_the_kit_is_indexed(system: Instance, kit: Kit) -> None:
    documents = rows_of(system, kit, "SELECT * FROM knowledge.documents WHERE project_id = %(project)s")
    found = Counter(row["collection"] for row in documents)
    keys = {row["key"].split("/", 2)[2] for row in documents}
    assert len(found) == 2
    assert {"docs/prd.md", "docs/plan.json", "docs/market_analysis.json"} <= keys
    assert {path for path in kit.files if path.startswith("project/") and path.endswith(".py")} <= keys
    assert all(row["chunk_count"] > 0 for row in documents)


def test_spend_is_the_same_wherever_it_is_told(system: Instance, kit: Kit) -> None:
    run = kit.client.run(kit.run["id"])
    calls = rows_of(system, kit, "SELECT * FROM agents.interactions WHERE run_id = %(run)s")
    assert run["spent_microusd"] > 0
    assert run["spent_microusd"] == sum(step["cost_microusd"] for step in run["steps"])
    assert run["spent_microusd"] == sum(call["cost_microusd"] for call in calls)
    for step in run["steps"]:
        entry = ledger(system, run["id"], step["step"])
        assert entry.spent_microusd() == step["cost_microusd"]
        assert sum(call.input_tokens for call in entry.calls) == step["input_tokens"]
        assert sum(call.output_tokens for call in entry.calls) == step["output_tokens"]
