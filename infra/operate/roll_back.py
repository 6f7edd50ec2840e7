"""Roll the functions of a stage back: point the alias of each at its version of an earlier release.

    python -m infra.operate.roll_back --stage prod --dry-run
    python -m infra.operate.roll_back --stage prod --to 0123456789ab

Without `--to`, to the release that was live before; with it, to any that still has versions, also forward again. It
exits with 1 when a function did not move, and can be run again. Nothing else goes back: not the tables (migrations
suit the release before), not roles, queues or the API. The next deployment moves the aliases on, if it is another
release.

Credentials and region are those of the shell (AWS_PROFILE, AWS_REGION). Beside what `releases.read` needs, the rights
are `lambda:UpdateAlias`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from infra.catalog import LIVE
from infra.operate.releases import (
    Deployed,
    LambdaClient,
    NoSuchRelease,
    read,
    release_before,
    releases,
)


@dataclass(frozen=True)
class Move:
    """What is to be done with a function. target: None when nothing is, `why` says why; wrong: that is a fault."""

    function: Deployed
    target: int | None
    why: str = ""
    wrong: bool = False

    def __str__(self) -> str:
        """One line for whoever rolls back."""
        if self.target is None:
            return f"{self.function.name}: {self.why}"
        return f"{self.function.name}: version {self.function.live} -> {self.target}"


def plan(functions: Iterable[Deployed], release: str) -> list[Move]:
    """What brings every function to a release. A function that the release did not have stays as it is: nothing of
    the release calls it. Raises NoSuchRelease when no function has a version of it.
    """
    functions = tuple(functions)
    if release not in releases(functions):
        raise NoSuchRelease(f"no function has a version of release {release}")
    return [_move(function, release) for function in functions]


def _move(function: Deployed, release: str) -> Move:
    target = function.newest_of(release)
    live = function.version(function.live)
    if function.live is None:
        return Move(function, None, f"has no alias {LIVE}", wrong=True)
    if target is None:
        return Move(function, None, f"has no version of release {release}, stays at {function.live}")
    if live is not None and live.release == release:
        return Move(function, None, f"is at version {function.live} of release {release} already")
    return Move(function, target.number)


def carry_out(client: LambdaClient, moves: Iterable[Move]) -> list[str]:
    """Move the aliases; return a sentence for each that should have and did not. One does not stop the others."""
    failed = []
    for move in moves:
        if move.target is None:
            continue
        try:
            client.update_alias(
                FunctionName=move.function.name,
                Name=LIVE,
                FunctionVersion=str(move.target),
                RoutingConfig={"AdditionalVersionWeights": {}},
                RevisionId=move.function.revision,
            )
        except (BotoCoreError, ClientError) as error:
            failed.append(f"{move}: {error}")
    return failed


def roll_back(client: LambdaClient, stage: str, release: str | None, *, dry_run: bool) -> int:
    """Do it and print what is done; return the exit status. release: None for the one before."""
    functions = tuple(read(client, stage))
    try:
        release = release or release_before(functions)
        moves = plan(functions, release)
    except NoSuchRelease as error:
        print(f"{stage}: {error}", file=sys.stderr)
        return 1
    print(f"{stage}: {'would go' if dry_run else 'goes'} to release {release}")
    for move in moves:
        print(f"  {move}")
    wrong = [str(move) for move in moves if move.wrong]
    refused = [] if dry_run else carry_out(client, moves)
    for sentence in wrong + refused:
        print(f"failed: {sentence}", file=sys.stderr)
    moved = sum(move.target is not None for move in moves) - len(refused)
    print(
        f"{stage}: {moved} of {len(moves)} functions {'would move' if dry_run else 'moved'}, "
        f"{len(wrong + refused)} failed"
    )
    return 1 if wrong or refused else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.operate.roll_back", description="Point every function at an earlier release."
    )
    parser.add_argument("--stage", required=True)
    parser.add_argument("--to", metavar="RELEASE", help="default: the release that was live before")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")
    options = parser.parse_args(arguments)
    import boto3

    return roll_back(boto3.client("lambda"), options.stage, options.to, dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
