"""/v1/openapi.json: the contract of this API, as it was generated from the operations themselves."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from shared.http.call import Call
from shared.http.operation import Response
from shared.http.resource import Resource
from shared.models.portal import OpenApiDocument

_FILE = Path(__file__).parents[1] / "openapi.json"
_CACHE = ("cache-control", "public, max-age=300")

openapi = Resource("portal.openapi")
handler = openapi.handler


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


@openapi.operation(answer=OpenApiDocument, public=True)
def get_openapi(call: Call[None]) -> Response:
    """Read this document.

    It may be kept for five minutes; after that its ETag tells whether it has changed.
    """
    del call
    return Response(_document(), headers=(_CACHE,))
