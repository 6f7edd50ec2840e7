"""End the versions of functions that nobody will go back to.

    python -m infra.operate.prune_versions --stage prod --keep 10 --dry-run

Every release keeps a copy of the code for each function (layers count once), and an account has 75 GB for all of
them. Kept are the versions of the last releases, the newest of each function, which CloudFormation holds, and the one
that is live.

Credentials and region are those of the shell. Beside what `releases.read` needs, the right is `lambda:DeleteFunction`
with a qualifier.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from infra.operate.releases import Deployed, LambdaClient, Version, read, releases

KEPT_RELEASES = 10


def superfluous(functions: Iterable[Deployed], keep: int) -> list[tuple[Deployed, Version]]:
    """The versions that are neither of the last `keep` releases, nor live, nor their function's newest."""
    functions = tuple(functions)
    kept = set(releases(functions)[:keep])
    return [
        (function, version)
        for function in functions
        for version in function.versions[:-1]
        if version.release not in kept and version.number != function.live
    ]


def prune(client: LambdaClient, stage: str, keep: int, *, dry_run: bool) -> int:
    """Do it and print what is done; return the exit status: 1 when a version could not be deleted."""
    failed = 0
    found = superfluous(read(client, stage), keep)
    for function, version in found:
        print(f"  {function.name}: version {version.number} of release {version.release or 'unknown'}")
        if dry_run:
            continue
        try:
            client.delete_function(FunctionName=function.name, Qualifier=str(version.number))
        except (BotoCoreError, ClientError) as error:
            print(f"failed: {function.name}: version {version.number}: {error}", file=sys.stderr)
            failed += 1
    print(f"{stage}: {len(found)} versions {'would be ' if dry_run else ''}deleted, {failed} failed")
    return 1 if failed else 0


def _count(text: str) -> int:
    if (count := int(text)) < 2:
        raise ValueError(text)
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.operate.prune_versions", description="Delete the versions of old releases."
    )
    parser.add_argument("--stage", required=True)
    parser.add_argument(
        "--keep",
        type=_count,
        default=KEPT_RELEASES,
        help="how many releases, at least 2 (default: %(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")
    options = parser.parse_args(arguments)
    import boto3

    return prune(boto3.client("lambda"), options.stage, options.keep, dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
