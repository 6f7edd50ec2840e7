"""The origin of generated pages on one machine: a port of its own before the bucket of assets, as CloudFront is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from infra.catalog.previews import METHODS, REMOVED_HEADERS, preview_headers
from infra.local.aws.wsgi import Answer, Call, Environ
from infra.local.serving import Limits, PortInUse, Server, StartResponse

_LIMITS = Limits(body=0, idle=60, head=10, upload=10, answer=60, connections=256)
# What CloudFront passes on of a viewer by itself.
_PASSED = ("HTTP_RANGE", "HTTP_IF_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


class Previews:
    """Serves between `start()` and `stop()` what signed URLs of one bucket open, to be shown and not saved.

    store: answers requests for S3 whose host is that of `store_url`, and checks their signatures. port is a wish:
    when somebody else has it, a free one is taken. portal_url: whose pages may frame what is shown.
    """

    def __init__(
        self, store: Call, store_url: str, bucket: str, *, port: int = 0, portal_url: str = ""
    ) -> None:
        self._store = store
        self._place = urlsplit(store_url)
        self._prefix = f"/{bucket}/"
        self._headers = preview_headers(portal_url)
        try:
            self._server = Server(self.app, port=port, limits=_LIMITS)
        except PortInUse:
            self._server = Server(self.app, limits=_LIMITS)

    @property
    def url(self) -> str:
        """The origin, without a slash at the end."""
        return self._server.url

    @property
    def port(self) -> int:
        """The port in use."""
        return self._server.port

    def start(self) -> None:
        """Serve."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.stop()

    def app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request: the WSGI application that `start` serves."""
        return self._dressed(self._answer(environ)).send(start_response)

    def _answer(self, environ: Environ) -> Answer:
        path = str(environ["RAW_URI"]).partition("?")[0]
        if environ["REQUEST_METHOD"] not in METHODS or not path.startswith(self._prefix):
            return Answer(403, [("Content-Type", "text/plain; charset=utf-8")], b"forbidden\n")
        return self._store(self._passed_on(environ))

    def _passed_on(self, environ: Environ) -> dict[str, Any]:
        """The request as the store gets it: to its own host, and with nothing of the viewer but ranges. A header
        with credentials above all stays behind: the signature in the query is what counts.
        """
        kept = {
            name: value for name, value in environ.items() if not name.startswith("HTTP_") or name in _PASSED
        }
        own = {"HTTP_HOST": self._place.netloc, "SERVER_PORT": str(self._place.port or "")}
        return {**kept, **own, "CONTENT_TYPE": "", "CONTENT_LENGTH": "0"}

    def _dressed(self, answer: Answer) -> Answer:
        return Answer(answer.status, _with(answer.headers, self._headers), answer.body)


def _with(headers: Iterable[tuple[str, str]], own: Mapping[str, str]) -> list[tuple[str, str]]:
    """Headers without what is replaced or removed, and with what is ours."""
    gone = {name.lower() for name in (*own, *REMOVED_HEADERS)}
    return [*((name, value) for name, value in headers if name.lower() not in gone), *own.items()]
