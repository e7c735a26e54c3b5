"""Running the simulator as a process of its own, until it is told to stop."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from simulator.certificates import ensure_certificates
from simulator.faults import Fault
from simulator.operations import OPERATIONS
from simulator.running import default_plant, endpoint_of, listen, make_server
from simulator.simulator import Simulator

Json = dict[str, Any]
SIZES = {"small": 5_000, "medium": 100_000, "large": 1_000_000}
SECRET_VARIABLE = "TAGOUT_DEMO_SECRET"


class CannotServe(Exception):
    """The simulator cannot start like this, and the sentence says why."""


@dataclass(frozen=True)
class Wanted:
    """How the simulator shall run: on a port, or on the listening socket that it was given."""

    port: int
    fd: int | None
    seed: int
    count: int
    data: Path
    script: Path | None
    throttled: bool
    living: bool


def serve(wanted: Wanted, *, tell: Callable[[Json], None]) -> None:
    """Load what must be loaded, tell where it listens, and answer until SIGTERM or Ctrl-C."""
    script = read_script(wanted.script) if wanted.script else None
    certificates = ensure_certificates(wanted.data)
    simulator = Simulator(
        default_plant(wanted.seed),
        data=wanted.data,
        throttled=wanted.throttled,
        living=wanted.living,
    )
    with closing(simulator):
        _keep_seed(simulator, wanted.seed)
        if secret := os.environ.get(SECRET_VARIABLE):
            for one in simulator.azure.identities.applications:
                one.secret = secret
            simulator.azure.identities.save()
        simulator.life.load_history(wanted.count)
        if script is not None:
            _load_once(simulator, script)
        try:
            place = listen(wanted.port) if wanted.fd is None else socket.socket(fileno=wanted.fd)
        except OSError as wrong:
            named = f"Port {wanted.port}" if wanted.fd is None else f"Socket {wanted.fd}"
            raise CannotServe(f"{named} cannot be used: {wrong.strerror}.") from wrong
        with closing(place):
            simulator.azure.endpoint = endpoint_of(place)
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: None)  # the server's own handlers stop it
            simulator.life.catch_up()
            tell(_where(simulator, certificates.ca_file))
            make_server(simulator, certificates).run(sockets=[place])


def _where(simulator: Simulator, ca_file: Path) -> Json:
    counts = simulator.store.incidents.counts().values()
    return {
        "endpoint": simulator.azure.endpoint,
        "ca_file": str(ca_file),
        "control": f"{simulator.azure.endpoint}/_control/",
        "incidents": sum(sum(one.values()) for one in counts),
        "workspaces": simulator.describe()["workspaces"],
        "applications": simulator.describe()["applications"],
    }


def _keep_seed(simulator: Simulator, seed: int) -> None:
    kept = simulator.store.fact("seed")
    if kept is not None and kept != seed:
        raise CannotServe(
            f"This data folder holds plant {kept}, not {seed}:"
            f" start it with --plant {kept}, or choose another --data."
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
        raise CannotServe(f"{file} is no JSON: {wrong}.") from wrong
    if not isinstance(script, dict) or script.keys() - {"faults", "events"}:
        raise CannotServe(f"{file} may hold faults and events, nothing else.")
    for event in script.get("events", []):
        if event.get("do") not in OPERATIONS:
            raise CannotServe(f"{file}: there is nothing called {event.get('do')!r} to do.")
    for fault in script.get("faults", []):
        told = {key: value for key, value in fault.items() if key not in {"at", "for_seconds"}}
        try:
            Fault(**told).check()
        except (TypeError, ValueError) as wrong:
            raise CannotServe(f"{file}: {wrong}.") from wrong
    return script


def _load_once(simulator: Simulator, script: Json) -> None:
    mark = hashlib.sha256(orjson.dumps(script, option=orjson.OPT_SORT_KEYS)).hexdigest()
    if simulator.store.fact("script") == mark:
        return  # a restart goes on with what is left of it
    try:
        simulator.life.load_script(script)
    except (TypeError, ValueError) as wrong:
        raise CannotServe(f"The script cannot be planned: {wrong}.") from wrong
    with simulator.store.transaction():
        simulator.store.keep("script", mark)
