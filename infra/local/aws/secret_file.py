"""The secrets of one machine: made once, kept in a file that only its owner may read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.catalog import Secret

SIGNING_KEY = "aws-secret-access-key"
"""Name in the file of the key that signs presigned URLs; AWS keeps it outside of Secrets Manager too."""
_WEBHOOK_KEY = "webhook-key"
_MODEL_KEY = "model-key"


def load_secrets(path: Path, wanted: Iterable[Secret], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every wanted secret and of SIGNING_KEY, making those that are missing.

    `model-key` is ANTHROPIC_API_KEY when the environment has it, and is never written to the file. Other secrets
    that are not generated get a placeholder.
    """
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    before = dict(kept)
    kept.setdefault(SIGNING_KEY, secrets.token_urlsafe(30))
    values: dict[str, str] = {}
    for secret in wanted:
        if secret.generated:
            values[secret.name] = kept.setdefault(secret.name, _generate(secret.name))
        elif secret.name == _MODEL_KEY:
            values[secret.name] = environment.get("ANTHROPIC_API_KEY") or "offline"
        else:
            values[secret.name] = "not-set"
    if kept != before:
        _write(path, kept)
    return values | {SIGNING_KEY: kept[SIGNING_KEY]}


def _generate(name: str) -> str:
    if name == _WEBHOOK_KEY:  # the form of Standard Webhooks: whsec_ and 24 to 64 bytes in base64
        return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    return secrets.token_urlsafe(32)


def _write(path: Path, values: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(dict(values), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
