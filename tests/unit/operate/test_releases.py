"""Rolling a stage back and ending old versions, against Lambda as moto has it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from infra.assembly.release import release_of, with_release
from infra.operate import prune_versions, roll_back
from infra.operate.releases import (
    Deployed,
    NoSuchRelease,
    Version,
    live_release,
    read,
    release_before,
    releases,
)

REGION = "eu-central-1"
FIRST, SECOND, THIRD = "a" * 12, "b" * 12, "c" * 12
INTAKE, RUNS, PREVIEWS = "robo-dev-agency-intake", "robo-dev-agency-runs", "robo-dev-agency-previews"


def package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", "")
    return buffer.getvalue()


class Account:
    """Deploys releases as CloudFormation does: changes the function, publishes a version, moves the alias."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("lambda")
        trust = '{"Version": "2012-10-17", "Statement": []}'
        made = boto3.client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument=trust)
        self._role = made["Role"]["Arn"]
        self._code = package()

    def make(self, name: str, description: str) -> None:
        self.client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self._role,
            Handler="handler.handler",
            Code={"ZipFile": self._code},
            Description=description,
        )

    def deploy(self, release: str, *names: str) -> None:
        there = {found["FunctionName"] for found in self.client.list_functions()["Functions"]}
        for name in names:
            description = with_release("Takes an idea", release)
            if name in there:
                self.client.update_function_configuration(FunctionName=name, Description=description)
            else:
                self.make(name, description)
            version = self.client.publish_version(FunctionName=name)["Version"]
            change = self.client.update_alias if name in there else self.client.create_alias
            change(FunctionName=name, Name="live", FunctionVersion=version)

    def live(self, name: str) -> int:
        return int(self.client.get_alias(FunctionName=name, Name="live")["FunctionVersion"])

    def versions(self, name: str) -> list[str]:
        return [v["Version"] for v in self.client.list_versions_by_function(FunctionName=name)["Versions"]]


@pytest.fixture
def account(aws: None) -> Account:
    return Account()


def test_a_stage_goes_back_to_the_release_before(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.deploy(FIRST, INTAKE, RUNS)
    account.deploy(SECOND, INTAKE, RUNS)

    assert roll_back.main(["--stage", "dev"]) == 0

    assert (account.live(INTAKE), account.live(RUNS)) == (1, 1)
    said = capsys.readouterr().out
    assert f"goes to release {FIRST}" in said
    assert f"{INTAKE}: version 2 -> 1" in said
    assert "2 of 2 functions moved, 0 failed" in said


def test_back_is_one_release_although_version_numbers_differ(account: Account) -> None:
    account.deploy(FIRST, INTAKE, RUNS)
    account.deploy(SECOND, INTAKE, RUNS)
    # The address of the database changed: one function more has a second version of the same release.
    account.client.update_function_configuration(FunctionName=RUNS, Timeout=7)
    again = account.client.publish_version(FunctionName=RUNS)["Version"]
    account.client.update_alias(FunctionName=RUNS, Name="live", FunctionVersion=again)
    account.deploy(THIRD, INTAKE, RUNS)

    assert roll_back.main(["--stage", "dev"]) == 0
    assert (account.live(INTAKE), account.live(RUNS)) == (2, 3)

    assert roll_back.main(["--stage", "dev"]) == 0
    assert (account.live(INTAKE), account.live(RUNS)) == (1, 1)


def test_a_dry_run_changes_nothing(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.deploy(FIRST, INTAKE)
    account.deploy(SECOND, INTAKE)

    assert roll_back.main(["--stage", "dev", "--dry-run"]) == 0

    assert account.live(INTAKE) == 2
    assert f"{INTAKE}: version 2 -> 1" in capsys.readouterr().out


def test_a_stage_goes_to_any_release_and_forward_again(account: Account) -> None:
    for release in (FIRST, SECOND, THIRD):
        account.deploy(release, INTAKE)

    assert roll_back.main(["--stage", "dev", "--to", FIRST]) == 0
    assert account.live(INTAKE) == 1
    assert roll_back.main(["--stage", "dev", "--to", THIRD]) == 0
    assert account.live(INTAKE) == 3
    assert roll_back.main(["--stage", "dev", "--to", THIRD]) == 0


def test_a_function_that_the_release_did_not_have_stays(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.deploy(FIRST, INTAKE)
    account.deploy(SECOND, INTAKE, PREVIEWS)

    assert roll_back.main(["--stage", "dev"]) == 0

    assert (account.live(INTAKE), account.live(PREVIEWS)) == (1, 1)
    assert f"{PREVIEWS}: has no version of release {FIRST}, stays at 1" in capsys.readouterr().out


def test_other_stages_and_what_no_release_made_are_left_alone(account: Account) -> None:
    account.deploy(FIRST, INTAKE, "robo-prod-agency-intake")
    account.deploy(SECOND, INTAKE, "robo-prod-agency-intake")
    account.make("robo-dev-compute-AWSCDKTriggerCustomResource-1A2B", "")

    assert roll_back.main(["--stage", "dev"]) == 0

    assert account.live("robo-prod-agency-intake") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], f"there is no release before {FIRST}"),
        (["--to", SECOND], f"no function has a version of release {SECOND}"),
    ],
    ids=["none before", "unknown"],
)
def test_a_release_that_is_not_there_is_an_error(
    account: Account, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    account.deploy(FIRST, INTAKE)

    assert roll_back.main(["--stage", "dev", *arguments]) == 1

    assert said in capsys.readouterr().err
    assert account.live(INTAKE) == 1


def test_a_stage_without_functions_is_an_error(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert roll_back.main(["--stage", "dev"]) == 1
    assert "no function has a live version" in capsys.readouterr().err


def test_a_function_without_its_alias_fails_and_the_others_move(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.deploy(FIRST, INTAKE, RUNS)
    account.deploy(SECOND, INTAKE, RUNS)
    account.client.delete_alias(FunctionName=INTAKE, Name="live")

    assert roll_back.main(["--stage", "dev"]) == 1

    assert account.live(RUNS) == 1
    told = capsys.readouterr()
    assert f"failed: {INTAKE}: has no alias live" in told.err
    assert "1 of 2 functions moved, 1 failed" in told.out


class Refusing:
    """A client that refuses to change one function, as Lambda does when its alias changed meanwhile."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name
        self.asked: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_alias(self, **asked: Any) -> Any:
        self.asked.append(asked)
        if asked["FunctionName"] == self._name:
            raise ClientError({"Error": {"Code": "PreconditionFailedException"}}, "UpdateAlias")
        return self._client.update_alias(**asked)

    def delete_function(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ResourceConflictException"}}, "DeleteFunction")


def test_an_alias_that_somebody_else_moved_fails_and_the_others_move(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.deploy(FIRST, INTAKE, RUNS)
    account.deploy(SECOND, INTAKE, RUNS)
    client = Refusing(account.client, INTAKE)

    assert roll_back.roll_back(client, "dev", None, dry_run=False) == 1

    assert (account.live(INTAKE), account.live(RUNS)) == (2, 1)
    assert "PreconditionFailedException" in capsys.readouterr().err
    assert all(asked["RevisionId"] for asked in client.asked)
    # An alias may share its calls between two versions; who rolls back wants one.
    assert all(asked["RoutingConfig"] == {"AdditionalVersionWeights": {}} for asked in client.asked)


def test_versions_of_old_releases_end_and_those_that_are_needed_stay(account: Account) -> None:
    for release in (FIRST, SECOND, THIRD):
        account.deploy(release, INTAKE)
    account.deploy(FIRST, RUNS)
    roll_back.main(["--stage", "dev", "--to", FIRST])

    assert prune_versions.main(["--stage", "dev", "--keep", "2", "--dry-run"]) == 0
    assert account.versions(INTAKE) == ["$LATEST", "1", "2", "3"]
    account.deploy(THIRD, INTAKE)

    assert prune_versions.main(["--stage", "dev", "--keep", "2"]) == 0
    assert account.versions(INTAKE) == ["$LATEST", "1", "3", "4"]
    # The newest of its function, which CloudFormation holds, of whatever release.
    assert account.versions(RUNS) == ["$LATEST", "1"]


def test_a_live_version_is_never_pruned(account: Account) -> None:
    for release in (FIRST, SECOND, THIRD, "d" * 12):
        account.deploy(release, INTAKE)
    roll_back.main(["--stage", "dev", "--to", FIRST])

    assert prune_versions.main(["--stage", "dev", "--keep", "2"]) == 0

    assert account.versions(INTAKE) == ["$LATEST", "1", "3", "4"]


def test_a_version_that_cannot_be_deleted_is_told(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    for release in (FIRST, SECOND, THIRD):
        account.deploy(release, INTAKE)

    assert prune_versions.prune(Refusing(account.client, INTAKE), "dev", 2, dry_run=False) == 1
    assert f"failed: {INTAKE}: version 1" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["1", "0", "-3", "many"])
def test_who_keeps_one_release_could_not_go_back(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        prune_versions.main(["--stage", "dev", "--keep", count])
    assert "--keep" in capsys.readouterr().err


def test_a_stage_is_read_by_pages(account: Account) -> None:
    names = [f"robo-dev-agency-f{number}" for number in range(60)]
    account.deploy(FIRST, *names)

    assert [function.name for function in read(account.client, "dev")] == sorted(names)


@given(release=st.from_regex(r"[0-9a-f]{12}", fullmatch=True), purpose=st.text(max_size=100))
def test_a_description_tells_its_release(release: str, purpose: str) -> None:
    assert release_of(with_release(purpose, release)) == release
    assert release_of(f"{purpose}.") == ""


def fleet(history: list[str], live: int, functions: int) -> tuple[Deployed, ...]:
    """Functions whose every version is of one deployment of `history`; `live` counts from 0."""
    versions = tuple(
        Version(number, release, f"2026-11-22T10:00:{number:02}") for number, release in enumerate(history, 1)
    )
    return tuple(Deployed(f"f{number}", versions, live + 1) for number in range(functions))


@given(
    history=st.lists(st.sampled_from([FIRST, SECOND, THIRD]), min_size=1, max_size=12),
    data=st.data(),
    functions=st.integers(1, 3),
)
def test_the_release_before_is_the_last_other_one(
    history: list[str], data: st.DataObject, functions: int
) -> None:
    live = data.draw(st.integers(0, len(history) - 1))
    made = fleet(history, live, functions)
    others = [release for release in history[:live] if release != history[live]]

    assert live_release(made) == history[live]
    assert set(releases(made)) == set(history)
    if others:
        assert release_before(made) == others[-1]
        moves = roll_back.plan(made, others[-1])
        assert all(move.target is not None and history[move.target - 1] == others[-1] for move in moves)
    else:
        with pytest.raises(NoSuchRelease):
            release_before(made)
