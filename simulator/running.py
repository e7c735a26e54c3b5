"""Run a simulator: in a thread for tests, or as a process of its own until it is stopped."""

import asyncio
import hashlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import uvicorn

from simulator.certificates import Certificates, ensure_certificates
from simulator.client import Control
from simulator.faults import Fault
from simulator.identity import Application
from simulator.operations import OPERATIONS
from simulator.plant.plant import Plant
from simulator.plant.records import PlantWorkspace
from simulator.server import Server
from simulator.simulator import Simulator

START_SECONDS = 20.0
Json = dict[str, Any]
SIZES = {"small": 5_000, "medium": 100_000, "large": 1_000_000}
SECRET_VARIABLE = "TAGOUT_DEMO_SECRET"


@dataclass(frozen=True)
class Running:
    """A simulator that answers: where, how to trust it, how to steer it, who may sign in."""

    endpoint: str
    ca_file: Path
    control: Control
    simulator: Simulator

    @property
    def workspaces(self) -> tuple[PlantWorkspace, ...]:
        """The pretend workspaces."""
        return self.simulator.azure.workspaces

    def application(self, key: str = "portal") -> Application:
        """One registered application: portal, reader, responder or contributor."""
        return self.simulator.azure.identities.named(key)


class _PromptServer(uvicorn.Server):
    """A server that stops when it is asked to and hangs up, instead of looking and waiting."""

    _loop: asyncio.AbstractEventLoop
    _stopped: asyncio.Event

    def stop(self) -> None:
        """Stop; called from another thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)

    async def main_loop(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        ticks = asyncio.create_task(super().main_loop())  # it hears signals
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({ticks, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ticks, stopped):
            task.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for place in sockets or []:
            place.close()
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if isinstance(transport, asyncio.Transport):
                transport.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while self.server_state.connections or self.server_state.tasks:
                    await asyncio.sleep(0.005)
        await self.lifespan.shutdown()


def make_server(simulator: Simulator, certificates: Certificates) -> _PromptServer:
    """A TLS server around a simulator; the caller gives it a socket."""
    config = uvicorn.Config(
        Server(simulator),
        ssl_certfile=str(certificates.certificate),
        ssl_keyfile=str(certificates.key),
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=2,
        server_header=False,
        date_header=False,
        proxy_headers=False,
    )
    return _PromptServer(config)


def listen(port: int = 0) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one."""
    # Named as TCP, for asyncio sends at once only on those; else each answer waits for 40 ms.
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", port))
    place.listen(128)
    return place


def endpoint_of(place: socket.socket) -> str:
    """The address that clients use for a socket."""
    return f"https://localhost:{place.getsockname()[1]}"


@contextmanager
def running_simulator(
    *,
    incidents: int = 0,
    data: Path | None = None,
    throttled: bool = False,
    living: bool = False,
    now: datetime | None = None,
    seed: int = 7,
    empty: bool = False,
) -> Iterator[Running]:
    """A simulator on a free loopback port, in a thread of this process.

    Quiet by default: no history, no throttling, nothing happens by itself. With `now` its clock
    stops at that moment and moves only by `control.advance`. `empty` workspaces have no connector,
    content or rules yet.
    """
    with TemporaryDirectory() as folder:
        certificates = ensure_certificates(data or Path(folder))
        simulator = Simulator(
            default_plant(seed),
            data=data,
            throttled=throttled,
            living=living,
            frozen_at=now,
        )
        place = listen()
        try:
            simulator.azure.endpoint = endpoint_of(place)
            if empty:
                simulator.empty_once()
            simulator.plant_clock.load_history(incidents)
            with _served(simulator, certificates, place):
                yield Running(
                    simulator.azure.endpoint,
                    certificates.ca_file,
                    Control(simulator.azure.endpoint, certificates.ca_file),
                    simulator,
                )
        finally:
            place.close()
            simulator.close()


@contextmanager
def _served(
    simulator: Simulator, certificates: Certificates, place: socket.socket
) -> Iterator[None]:
    server = make_server(simulator, certificates)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the simulator did not start")
        time.sleep(0.01)
    try:
        yield
    finally:
        server.stop()
        thread.join(START_SECONDS)


@lru_cache(maxsize=4)
def default_plant(seed: int) -> Plant:
    """The plant behind the simulator, made from a seed; it never changes, so it may be shared."""
    return Plant(seed=seed)


class CannotServe(Exception):
    """The simulator cannot start like this; the text is the reason."""


@dataclass(frozen=True)
class ServeOptions:
    """How the simulator shall run: on a port, or on the listening socket that it was given."""

    port: int
    fd: int | None
    seed: int
    count: int
    data: Path
    script: Path | None
    throttled: bool
    living: bool
    empty: bool
    in_portal: str = ""  # the key of a workspace


def serve(options: ServeOptions, *, report: Callable[[Json], None]) -> None:
    """Load what must be loaded, report where it listens, and answer until SIGTERM or Ctrl-C."""
    script = read_script(options.script) if options.script else None
    certificates = ensure_certificates(options.data)
    simulator = Simulator(
        default_plant(options.seed),
        data=options.data,
        throttled=options.throttled,
        living=options.living,
    )
    with closing(simulator):
        _keep_seed(simulator, options.seed)
        if secret := os.environ.get(SECRET_VARIABLE):
            for application in simulator.azure.identities.applications:
                application.secret = secret
            simulator.azure.identities.save()
        if options.empty:
            simulator.empty_once()
        else:
            simulator.plant_clock.load_history(options.count)
        if options.in_portal:
            _begin_in_portal(simulator, options.in_portal)
        if script is not None:
            _load_once(simulator, script)
        try:
            place = listen(options.port) if options.fd is None else socket.socket(fileno=options.fd)
        except OSError as wrong:
            named = f"Port {options.port}" if options.fd is None else f"Socket {options.fd}"
            raise CannotServe(f"{named} cannot be used: {wrong.strerror}.") from wrong
        with closing(place):
            simulator.azure.endpoint = endpoint_of(place)
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: None)  # the server's own handlers stop it
            simulator.plant_clock.catch_up()
            report(_address_facts(simulator, certificates.ca_file))
            make_server(simulator, certificates).run(sockets=[place])


def _address_facts(simulator: Simulator, ca_file: Path) -> Json:
    counts = simulator.store.incidents.counts().values()
    return {
        "endpoint": simulator.azure.endpoint,
        "ca_file": str(ca_file),
        "control": f"{simulator.azure.endpoint}/_control/",
        "incidents": sum(sum(by_status.values()) for by_status in counts),
        "workspaces": simulator.describe()["workspaces"],
        "applications": simulator.describe()["applications"],
    }


def _keep_seed(simulator: Simulator, seed: int) -> None:
    stored = simulator.store.fact("seed")
    if stored is not None and stored != seed:
        raise CannotServe(
            f"This data folder holds plant {stored}, not {seed}:"
            f" start it with --plant {stored}, or choose another --data."
        )
    with simulator.store.transaction():
        simulator.store.keep("seed", seed)


def read_script(file: Path) -> Json:
    """A script that makes sense; refuses with one sentence otherwise."""
    try:
        script = orjson.loads(file.read_bytes())
    except OSError as wrong:
        raise CannotServe(f"{file} cannot be read: {wrong.strerror}.") from wrong
    except orjson.JSONDecodeError as wrong:
        raise CannotServe(f"{file} is not valid JSON: {wrong}.") from wrong
    if not isinstance(script, dict) or script.keys() - {"faults", "events"}:
        raise CannotServe(f"{file} may only contain faults and events.")
    for event in script.get("events", []):
        if event.get("do") not in OPERATIONS:
            raise CannotServe(f"{file}: unknown operation {event.get('do')!r}.")
    for fault in script.get("faults", []):
        values = {key: value for key, value in fault.items() if key not in {"at", "for_seconds"}}
        try:
            Fault(**values).check()
        except (TypeError, ValueError) as wrong:
            raise CannotServe(f"{file}: {wrong}.") from wrong
    return script


def _begin_in_portal(simulator: Simulator, key: str) -> None:
    try:
        simulator.begin_in_portal(key)
    except KeyError:
        raise CannotServe(f"There is no workspace {key}.") from None


def _load_once(simulator: Simulator, script: Json) -> None:
    mark = hashlib.sha256(orjson.dumps(script, option=orjson.OPT_SORT_KEYS)).hexdigest()
    if simulator.store.fact("script") == mark:
        return  # a restart goes on with what is left of it
    try:
        simulator.plant_clock.load_script(script)
    except (TypeError, ValueError) as wrong:
        raise CannotServe(f"The script cannot be planned: {wrong}.") from wrong
    with simulator.store.transaction():
        simulator.store.keep("script", mark)
