"""The whole system on one machine, in this process and its children."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO, TypeVar, cast

from infra.catalog import CATALOG, Catalog, Function
from infra.catalog.previews import BUCKET as PREVIEWED
from infra.local.aws.secret_file import SIGNING_KEY, load_secrets
from infra.local.engines import Engines
from infra.local.environment import Parts, environment_for, installed
from infra.local.lock import TargetLock
from infra.local.memory import share_memory_arenas

if TYPE_CHECKING:
    from infra.local.aws.delivery import Delivery
    from infra.local.aws.front import AwsFront
    from infra.local.aws.logs import LogFile
    from infra.local.aws.runtime import Runtime
    from infra.local.gateway import Gateway
    from infra.local.previews import Previews

T = TypeVar("T")

_SENDER = "identity.deliver_webhook"
_PREPARATIONS = ("stewardship.migrate_database", "knowledge.seed_collections")


class StartFailed(RuntimeError):
    """A part of the system did not start."""


class StartCancelled(Exception):
    """Somebody called `cancel` while the system started; what had started has ended again."""


class LocalTarget:
    """Runs `catalog` with its state under `folder` and the API on `port` (0: a free one).

    Raises AlreadyRunning when another process has the folder, PortInUse, EngineError or StartFailed. One at a time in
    a process, because handlers read the process's environment.
    """

    def __init__(self, folder: Path, port: int = 8000, catalog: Catalog = CATALOG) -> None:
        self.folder = folder.absolute()
        self.timings: list[tuple[str, float]] = []
        self._port = port
        self._catalog = catalog.on_one_machine()
        self._lock = TargetLock(self.folder)
        self._stack = ExitStack()
        self._environment = ExitStack()
        self._started = 0.0
        self._cancelled = False
        self._gateway: Gateway | None = None
        self._front: AwsFront | None = None
        self._previews: Previews | None = None
        self._runtime: Runtime | None = None
        self._engines: Engines | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return self._ready(self._gateway).url

    @property
    def aws_url(self) -> str:
        """The endpoint of AWS."""
        return self._ready(self._front).url

    @property
    def previews_url(self) -> str:
        """The origin of generated pages; empty when the catalog has no bucket of them."""
        return self._previews.url if self._previews is not None else ""

    @property
    def model_url(self) -> str:
        """The endpoint of the offline model; empty when Claude itself is asked."""
        model = self._ready(self._engines).model
        return model.url if model is not None else ""

    @property
    def psql(self) -> str:
        """A command that opens the database; empty when the catalog uses none."""
        postgres = self._ready(self._engines).postgres
        if postgres is None:
            return ""
        from infra.local import postgres_binaries
        from infra.local.postgres import DATABASE, SUPERUSER

        program = "psql" if shutil.which("psql") else str(postgres_binaries.folder() / "psql")
        return f"{program} -h {postgres.host} -p {postgres.port} -U {SUPERUSER} {DATABASE}"

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.folder / "logs"

    def start(self) -> None:
        """Start everything; returns when the API answers. What was started is ended again when something fails."""
        self._started = time.monotonic()
        share_memory_arenas()
        self._lock.acquire()
        self._stack.callback(self._lock.release)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def cancel(self) -> None:
        """Have `start`, which runs on another thread or was interrupted by a signal, end with StartCancelled."""
        self._cancelled = True

    def stop(self) -> None:
        """End everything, in the opposite order. Twice is once."""
        self._stack.close()
        self._gateway = self._front = self._previews = self._runtime = self._engines = None

    def _start(self) -> None:
        given = dict(os.environ)
        secrets = load_secrets(self.folder / "secrets.json", self._catalog.secrets, given)
        engines = Engines(self._catalog, self.folder, secrets, given)
        self._stack.callback(engines.stop)
        with ThreadPoolExecutor(1, thread_name_prefix="engines") as pool:
            starting = pool.submit(engines.start, self._timed)
            # Importing moto and Flask takes as long as PostgreSQL takes to start.
            log = self._open_logs()
            self._go_on()
            runtime, front, gateway = self._build(log, secrets, engines)
            starting.result()
        self._go_on()
        self._engines, self._runtime, self._front, self._gateway = engines, runtime, front, gateway
        values = environment_for(self._catalog, self._parts(), secrets, given)
        self._environment.enter_context(installed(values))
        self._prepare()
        self._receive_webhooks(gateway.url)
        self._go_on()
        self._deliver(log)
        gateway.start()
        self._stack.callback(gateway.stop)
        self._timed("ready")
        threading.Thread(target=_warm, args=(runtime, engines.asks_model), name="warm", daemon=True).start()
        self._lock.announce(self.about() | {"started_at": datetime.now(UTC).isoformat(timespec="seconds")})

    def about(self) -> dict[str, Any]:
        """Where the parts are, for people and programs."""
        engines = self._ready(self._engines)
        return {
            "pid": os.getpid(),
            "url": self.url,
            "aws_url": self.aws_url,
            "previews_url": self.previews_url,
            "model_url": self.model_url,
            "vectors_url": engines.vectors_url,
            "psql": self.psql,
            "logs": str(self.logs),
        }

    def _open_logs(self) -> LogFile:
        from infra.local.aws.logs import Redirection
        from shared import observability

        log = self._log_file("functions")
        redirection = Redirection(log)
        self._stack.callback(redirection.remove)
        redirection.install()
        observability.log_to(cast(TextIO, log))
        return log

    def _last_port(self, of_what: str) -> int:
        """A port at the last start, so that signed URLs outlive a restart; 0 the first time."""
        path = self._port_file(of_what)
        text = path.read_text().strip() if path.exists() else ""
        return int(text) if text.isdecimal() else 0

    def _port_file(self, of_what: str) -> Path:
        return self.folder / f"{of_what}.port"

    def _log_file(self, name: str) -> LogFile:
        from infra.local.aws.logs import LogFile

        log = LogFile(self.logs / f"{name}.log")
        self._stack.callback(log.close)
        return log

    def _build(
        self, log: LogFile, secrets: dict[str, str], engines: Engines
    ) -> tuple[Runtime, AwsFront, Gateway]:
        from infra.local.aws.front import AwsFront
        from infra.local.aws.identity import functions_sign, keys
        from infra.local.aws.mail import MailFolder
        from infra.local.aws.realise import realise
        from infra.local.aws.runtime import Runtime
        from infra.local.gateway import Gateway
        from infra.local.local_pages import LocalPages
        from infra.local.parts import parts_of
        from infra.local.webhook_sink import WebhookSink

        runtime = Runtime(self._catalog.functions, log=log.record, leave=_close_container)
        sink = WebhookSink(self.folder / "webhooks.jsonl", secrets.get("webhook-key", ""))
        mail = MailFolder(self.folder / "mail")
        pages = LocalPages(
            lambda: parts_of(self.about(), engines),
            lambda: self._ready(self._front).executions.recent(),
            sink,
            mail,
        )
        gateway = Gateway(
            self._catalog, runtime, pages, log=self._log_file("gateway").record, port=self._port
        )
        self._stack.callback(gateway.stop)
        self._timed("imports")
        self._go_on()
        self._front = front = AwsFront(
            self._catalog,
            runtime,
            self.folder / "s3",
            secrets[SIGNING_KEY],
            mail,
            port=self._last_port("aws"),
            trail=self._log_file("trail").record,
            on_error=self._log_file("aws").error,
        )
        self._port_file("aws").write_text(f"{front.port}\n")
        front.start()
        self._stack.callback(front.stop)
        self._show_previews(front)
        # Ends after the runtime: a handler that still runs must never see the environment of the shell.
        self._environment = self._stack.enter_context(ExitStack())
        self._stack.enter_context(functions_sign(keys(self._catalog, secrets[SIGNING_KEY])))
        self._stack.callback(runtime.stop)
        realise(self._catalog, front.url, secrets)
        front.vault.load()
        front.announcements.resume()
        self._timed("aws")
        return runtime, front, gateway

    def _show_previews(self, front: AwsFront) -> None:
        """Open the origin of generated pages, when the catalog has a bucket of them."""
        from infra.local.aws.names import bucket_name
        from infra.local.previews import Previews

        for bucket in (each for each in self._catalog.buckets if each.name == PREVIEWED):
            name = bucket_name(bucket)
            previews = Previews(
                front.answer,
                front.url,
                name,
                port=self._last_port("previews"),
                portal_url=os.environ.get("PORTAL_URL", ""),
            )
            self._port_file("previews").write_text(f"{previews.port}\n")
            previews.start()
            self._stack.callback(previews.stop)
            self._previews = previews

    def _parts(self) -> Parts:
        from infra.local.postgres import APP, DATABASE, OWNER, SYSTEM

        engines = self._ready(self._engines)
        postgres, redis = engines.postgres, engines.redis
        return Parts(
            database_host=postgres.host if postgres is not None else "",
            database_port=postgres.port if postgres is not None else 0,
            database_name=DATABASE,
            database_user=APP,
            database_owner=OWNER,
            database_system_user=SYSTEM,
            cache_url=redis.url if redis is not None else "",
            aws_url=self.aws_url,
            previews_url=self.previews_url,
            vectors_url=engines.vectors_url,
            model_url=self.model_url,
        )

    def _prepare(self) -> None:
        """Run what every deployment runs first."""
        wanted = [function for function in self._catalog.functions if function.name in _PREPARATIONS]
        with ThreadPoolExecutor(len(_PREPARATIONS)) as pool:
            list(pool.map(self._run_once, wanted))

    def _receive_webhooks(self, url: str) -> None:
        """Have the house's webhooks come back to this machine, where anybody can look at them."""
        if any(function.name == _SENDER for function in self._catalog.functions):
            from infra.local.house_endpoint import ensure_endpoint

            ensure_endpoint(f"{url}/_local/webhooks")

    def _run_once(self, function: Function) -> None:
        outcome = self._ready(self._runtime).invoke(function.deployed_name("local"), b"{}")
        if outcome.failed:
            error = json.loads(outcome.payload)
            raise StartFailed(
                f"{function.name} failed: {error['errorType']}: {error['errorMessage']} "
                f"(more in {self.logs / 'functions.log'})"
            )
        self._timed(function.operation)

    def _deliver(self, log: LogFile) -> None:
        from infra.local.aws.delivery import Delivery

        front = self._ready(self._front)
        delivery: Delivery = Delivery(
            self._catalog,
            front.queues,
            self._ready(self._runtime),
            prune=(front.executions.prune, front.queues.prune, front.expire),
            report=log.error,
        )
        delivery.start()
        self._stack.callback(delivery.stop)

    def _go_on(self) -> None:
        if self._cancelled:
            raise StartCancelled

    def _timed(self, what: str) -> None:
        self.timings.append((what, time.monotonic() - self._started))

    @staticmethod
    def _ready(part: T | None) -> T:
        if part is None:
            raise StartFailed("the system is not running")
        return part


def _warm(runtime: Runtime, asks_model: bool) -> None:
    """Import what the handlers need, while nobody waits for it."""
    runtime.warm()
    if asks_model:
        importlib.import_module("anthropic")


def _close_container() -> None:
    """Close what the product keeps for the thread that ends: its connections."""
    bootstrap = sys.modules.get("shared.bootstrap")
    if bootstrap is not None:
        bootstrap.close_container()
