"""The control addresses under `/_control/`: loopback only, for tests, the demo and curl."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.operations import OPERATIONS
from simulator.simulator import Simulator
from simulator.words import ArmRefusal, parse_time

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]


def is_loopback(scope: MutableMapping[str, Any]) -> bool:
    """Whether a request comes from this machine."""
    client = scope.get("client")
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def _answer(told: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(told), status, media_type="application/json")


async def _asked(request: Request) -> Json:
    content = await request.body()
    told = orjson.loads(content) if content else {}
    if not isinstance(told, dict):
        raise ValueError("the body must be an object")
    return told


def _guarded(work: Callable[[Request], Awaitable[Any]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            return _answer(await work(request))
        except ArmRefusal as refusal:
            return _answer({"error": refusal.message}, refusal.status)
        except KeyError as missing:
            return _answer({"error": f"not known: {missing.args[0]}"}, 400)
        except (TypeError, ValueError) as wrong:
            return _answer({"error": str(wrong)}, 400)

    return endpoint


def _operation(simulator: Simulator, name: str) -> Endpoint:
    async def work(request: Request) -> Any:
        return simulator.carry_out(name, await _asked(request))

    return _guarded(work)


def control_application(simulator: Simulator) -> Starlette:
    """All control addresses of one simulator."""

    async def state(_request: Request) -> Any:
        return simulator.state()

    async def advance(request: Request) -> Any:
        asked = await _asked(request)
        return simulator.advance(float(asked["seconds"]))

    async def journal(request: Request) -> Any:
        since = request.query_params.get("since", "")
        return {
            "entries": simulator.store.journal.read(
                since=parse_time(since) if since else 0,
                path=request.query_params.get("path", ""),
                after_id=int(request.query_params.get("after_id", 0)),
            )
        }

    async def plant(_request: Request) -> Any:
        return simulator.describe()

    async def truth(_request: Request) -> Any:
        return {
            "incidents": [
                {"workspace": workspace, "name": name, "truth": orjson.loads(told)}
                for workspace, name, told in simulator.store.incidents.truths()
            ]
        }

    async def clear_faults(request: Request) -> Any:
        return {"cleared": simulator.faults.clear(request.query_params.get("name", ""))}

    async def runs(_request: Request) -> Any:
        return {kind: simulator.store.journal.runs(kind=kind) for kind in ("rule", "playbook")}

    reads = {"state": state, "journal": journal, "plant": plant, "truth": truth, "runs": runs}
    routes = [Route(f"/_control/{name}", _guarded(work)) for name, work in reads.items()]
    routes.append(Route("/_control/advance", _guarded(advance), methods=["POST"]))
    routes.append(Route("/_control/faults", _guarded(clear_faults), methods=["DELETE"]))
    routes += [
        Route(f"/_control/{name}", _operation(simulator, name), methods=["POST"])
        for name in OPERATIONS
    ]
    return Starlette(routes=routes)
