"""`python -m infra.local.qdrant FOLDER [--port N]`: serve a folder until interrupted; prints the URL.

The keys, if any, are read from the environment variables QDRANT_API_KEY and QDRANT_READ_ONLY_API_KEY.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from infra.local.qdrant import FolderInUse, QdrantFace


def main() -> int:
    """Serve until SIGINT or SIGTERM; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.qdrant", description="Qdrant on one machine."
    )
    parser.add_argument("folder", type=Path, help="where the collections are kept")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    options = parser.parse_args()
    signals = {signal.SIGINT, signal.SIGTERM}
    # Blocked before any thread starts, so that none of them takes the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        with QdrantFace(
            options.folder,
            port=options.port,
            api_key=os.environ.get("QDRANT_API_KEY"),
            read_only_api_key=os.environ.get("QDRANT_READ_ONLY_API_KEY"),
        ) as face:
            print(face.url, flush=True)
            signal.sigwait(signals)
    except FolderInUse as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
