"""`make demo`: everything on one machine, until Ctrl-C.

Reads DEMO_PORT, DEMO_SIZE, DEMO_SEED and DEMO_DATA (contracts §1). Starts the embedded servers,
the simulated Sentinel over TLS, migrations, demo people, web, workers and beat, waits until the
history is there, and prints one block. From then on what dies is started again.
"""

import json
import os
import shlex
import signal
import socket
import ssl
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType
from typing import Any

import embedded
from alerts.demo.cast import PASSWORD, PEOPLE
from alerts.demo.data_folder import note_demo
from alerts.demo.processes import (
    ProcessDied,
    ProcessGroup,
    Supervisor,
    hold_port,
    port_of,
    servers_of,
)
from portal.errors import Misconfigured

SIZES = ("small", "medium", "large")
READY_BY = 75.0  # seconds after the start; what is not planned by then is planned behind the page
HOME = Path(__file__).resolve().parents[2]
IN_PORTAL = "porto"  # the workspace that lives in the Defender portal, read through Graph
CAPTURES = HOME / "training" / "content" / "captures"


class StopSignal(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def main() -> None:
    """Run the demo; leave nothing behind."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _stop)
    data = Path(os.environ.get("DEMO_DATA") or HOME / ".data").resolve()
    note_demo(data, home=HOME / ".data")
    size = os.environ.get("DEMO_SIZE") or "small"
    if size not in SIZES:
        sys.exit(f"DEMO_SIZE is {size!r}: use one of {', '.join(SIZES)}.")
    seed, listener = _number("DEMO_SEED", "7", most=10_000_000), _listener()
    try:
        group = ProcessGroup(data / "logs", _environment(data, port_of(listener)))
    except OSError as error:
        sys.exit(f"DEMO_DATA is {data}, which cannot be used ({error.strerror}).")
    try:
        _run(group, data=data, size=size, seed=seed, listener=listener)
    except StopSignal:
        print("\nStopping …", flush=True)
    except (ProcessDied, Misconfigured) as trouble:
        print(f"\n{trouble}", file=sys.stderr, flush=True)
        sys.exit(1)
    finally:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)  # we are stopping already
        group.stop()
        embedded.stop_servers(data)


def _run(group: ProcessGroup, *, data: Path, size: str, seed: int, listener: socket.socket) -> None:
    began, port = time.monotonic(), port_of(listener)
    _print(f"Starting Tagout's demo in {data}: {size} plant, seed {seed}.")
    servers = servers_of(data)
    embedded.ensure_environment(data)
    manage = [sys.executable, "manage.py"]
    azure = _remembered_listener(data / "simulator" / "port", 8443)
    simulator_port = port_of(azure)
    group.start(
        "simulator",
        [
            *manage,
            *shlex.split(
                f"simulator --fd {azure.fileno()} --plant {seed} --size {size} --no-throttle"
                f" --in-portal {IN_PORTAL}"
            ),
            *("--data", str(data / "simulator")),
        ],
        azure,
    )
    _print("Preparing the database and the static files …")
    group.run("migrate", [*manage, "migrate", "--no-input", "-v0"])
    group.run("static", [*manage, "collectstatic", "--no-input", "-v0"])
    _print("Letting the plant's history happen …")
    ca, secret = _wait_for_simulator(group, data / "simulator", simulator_port)
    group.environment["TAGOUT_DEMO_SECRET"] = secret
    seed_command = [*manage, "demo_seed", "--simulator", f"https://localhost:{simulator_port}"]
    group.run("seed", [*seed_command, "--ca", ca])
    group.run("training", [*manage, "training", "import"])
    celery = [sys.executable, "-m", "celery", "-A", "portal.celery:app"]
    quiet = ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    group.start(
        "web",
        [
            sys.executable,
            *shlex.split(f"-m gunicorn portal.wsgi:application --bind fd://{listener.fileno()}"),
            *shlex.split(
                "--workers 2 --threads 4 --worker-class portal.runtime.web_worker.BufferingWorker"
            ),
            *shlex.split("--access-logfile - --logger-class portal.runtime.web_log.WebLogger"),
            *shlex.split("--graceful-timeout 10 --no-control-socket"),
            *("--worker-tmp-dir", str(data)),
        ],
        listener,
        STATEMENT_TIMEOUT_MS="5000",
    )
    group.start(
        "worker-intake",
        [*celery, *shlex.split("worker -Q intake,bulk,captures -n intake@%h -c 2"), *quiet],
    )
    group.start(
        "worker-outbox",
        [*celery, *shlex.split("worker -Q outbox,deployments,notify -n outbox@%h -c 1"), *quiet],
    )
    group.start("beat", [*celery, "beat", "--pidfile="])
    _print("Reading incidents from the simulated Sentinel …")
    group.run("wait", [*manage, "demo_seed", "--wait", "600"])
    if size != "large":  # the truth about a million incidents would not fit a demo's memory
        group.may_end.add("judge")
        group.start("judge", [*seed_command, "--judge", "--ca", ca, "--captures", str(CAPTURES)])
    _wait_for_web(group, port)
    is_planned = _wait_for_plan(group, until=began + READY_BY)
    _print(
        _ready_message(port, simulator_port, data, time.monotonic() - began, is_planned=is_planned)
    )
    supervisor = Supervisor(group, servers, report=_print)
    while True:
        supervisor.check(now=time.monotonic())
        time.sleep(1)


def _environment(data: Path, port: int) -> dict[str, str]:
    mails = data / "mails"
    mails.mkdir(parents=True, exist_ok=True)
    return {
        "DATA_DIR": str(data),
        "PUBLIC_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "EMAIL_URL": mails.as_uri(),
        "TAGOUT_DEMO": "true",
        "PYTHONUNBUFFERED": "1",
    }


def _wait_for_simulator(group: ProcessGroup, folder: Path, port: int) -> tuple[str, str]:
    """Its CA file, and the secret that its application `portal` signs in with."""
    ca = folder / "ca.pem"
    for _ in range(1200):
        group.check()
        if ca.exists():
            try:
                trust = ssl.create_default_context(cafile=str(ca))
                plant = _get(f"https://localhost:{port}/_control/plant", trust)
            except OSError:
                pass
            else:
                apps = {
                    application["key"]: application["client_secret"]
                    for application in plant["applications"]
                }
                return str(ca), apps["portal"]
        time.sleep(0.25)
    raise ProcessDied(f"The simulated Sentinel does not answer. {group.log_tail('simulator')}")


def _wait_for_web(group: ProcessGroup, port: int) -> None:
    for _ in range(240):
        group.check()
        try:
            _get(f"http://127.0.0.1:{port}/readyz?pages")
        except OSError:
            time.sleep(0.25)
        else:
            return
    raise ProcessDied(f"The web server does not answer. {group.log_tail('web')}")


def _wait_for_plan(group: ProcessGroup, *, until: float) -> bool:
    """Wait until the past was judged and its patterns were planned, but not for ever; return
    whether it came to that.
    """
    judge = group.processes.get("judge")
    while judge is not None and judge.poll() is None:
        group.check()
        if time.monotonic() > until:
            return False
        time.sleep(0.25)
    return judge is not None


def _get(address: str, trust: ssl.SSLContext | None = None) -> Any:
    with urllib.request.urlopen(address, timeout=5, context=trust) as answer:
        return json.load(answer)


def _ready_message(
    port: int, simulator_port: int, data: Path, seconds: float, *, is_planned: bool
) -> str:
    rows = [f"    {person.email:<22} {person.plays}" for person in PEOPLE]
    note = "  The alerts of its history are still being read: patterns and plans grow meanwhile."
    return "\n".join(
        [
            "",
            "=" * 78,
            f"  Tagout is ready after {seconds:.0f} s:  http://localhost:{port}/",
            *([] if is_planned else [note]),
            "",
            f"  Sign in as one of these; every password is  {PASSWORD}",
            *rows,
            "",
            f"  Mails that Tagout has sent:   http://localhost:{port}/demo/mail/",
            f"  The simulated Sentinel:       https://localhost:{simulator_port}/_control/state",
            f"  Data, logs, its CA file:      {data}",
            "  Ctrl-C stops everything.",
            "=" * 78,
        ]
    )


def _listener() -> socket.socket:
    port = os.environ.get("DEMO_PORT", "")
    number = _number("DEMO_PORT", "8000", least=1, most=65_535)
    return hold_port(number, strict=bool(port))


def _remembered_listener(file: Path, first: int) -> socket.socket:
    """The simulator keeps its port: workspaces point to it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    listener = hold_port(int(file.read_text()) if file.exists() else first, strict=False)
    file.write_text(str(port_of(listener)))
    return listener


def _number(name: str, default: str, *, least: int = 0, most: int) -> int:
    value = os.environ.get(name) or default
    digits = value.isascii() and value.isdigit() and len(value) <= 9
    if not digits or not least <= int(value) <= most:
        sys.exit(f"{name} is {value!r}: use a whole number from {least} to {most}.")
    return int(value)


def _print(text: str) -> None:
    print(text, flush=True)


def _stop(signum: int, frame: FrameType | None) -> None:
    raise StopSignal


if __name__ == "__main__":
    os.chdir(HOME)
    main()
