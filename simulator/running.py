"""Running a simulator: in a thread for tests, or until told to stop for the command."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from simulator.azure import PlantLike, Workspace
from simulator.certificates import Certificates, ensure_certificates
from simulator.client import Control
from simulator.identity import Application
from simulator.plant import Plant
from simulator.server import Server
from simulator.simulator import Simulator

START_SECONDS = 20.0


@dataclass(frozen=True)
class Running:
    """A simulator that answers: where, how to trust it, how to steer it, who may sign in."""

    endpoint: str
    ca_file: Path
    control: Control
    simulator: Simulator

    @property
    def workspaces(self) -> tuple[Workspace, ...]:
        """The pretend workspaces."""
        return self.simulator.azure.workspaces

    def application(self, key: str = "portal") -> Application:
        """One registered application: portal, reader, responder or contributor."""
        return self.simulator.azure.identities.named(key)


class _PromptServer(uvicorn.Server):
    """A server that stops when it is told to and hangs up, instead of looking and waiting."""

    _loop: asyncio.AbstractEventLoop
    _told: asyncio.Event

    def stop(self) -> None:
        """Stop; called from another thread."""
        self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        ticks = asyncio.create_task(super().main_loop())  # it hears signals
        told = asyncio.create_task(self._told.wait())
        await asyncio.wait({ticks, told}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ticks, told):
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
    plant: PlantLike | None = None,
    *,
    incidents: int = 0,
    data: Path | None = None,
    throttled: bool = False,
    living: bool = False,
    now: datetime | None = None,
    seed: int = 7,
) -> Iterator[Running]:
    """A simulator on a free loopback port, in a thread of this process.

    Quiet by default: no history, no throttling, nothing happens by itself. With `now` its clock
    stands still at that moment and moves only by `control.advance`.
    """
    with TemporaryDirectory() as folder:
        certificates = ensure_certificates(data or Path(folder))
        simulator = Simulator(
            plant or default_plant(seed),
            data=data,
            throttled=throttled,
            living=living,
            frozen_at=now,
        )
        place = listen()
        try:
            simulator.azure.endpoint = endpoint_of(place)
            simulator.life.load_history(incidents)
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
def default_plant(seed: int) -> PlantLike:
    """The plant behind the simulator, made from a seed; it never changes, so it may be shared."""
    return Plant(seed=seed)
