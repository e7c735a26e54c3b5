"""What `workspace probe` found out about Microsoft Graph, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PROBES: Mapping[str, str | Promise] = {
    "incidents can be read": _("incidents can be read"),
    "alerts can be read": _("alerts can be read"),
    "hunting is allowed": _("hunting is allowed"),
    "lists can be ordered": _("lists can be ordered"),
    "filters can be joined": _("filters can be joined"),
    "lists bring alerts": _("lists bring alerts"),
    "answers carry an etag": _("answers carry an etag"),
    "alerts of rules bring devices of the plant": _("alerts of rules bring devices of the plant"),
    "raw alerts of Defender for IoT are there": _("raw alerts of Defender for IoT are there"),
    "a throttled call says how long to wait": _("a throttled call says how long to wait"),
    "incidents of this workspace are in Graph": _("incidents of this workspace are in Graph"),
    "both sides name an incident by the same address": _(
        "both sides name an incident by the same address"
    ),
    "labels and tags are alike": _("labels and tags are alike"),
    "detectors are analytics rules": _("detectors are analytics rules"),
    "an incident can be set in progress": _("an incident can be set in progress"),
    "an owner can be taken away": _("an owner can be taken away"),
    "a stale If-Match is refused": _("a stale If-Match is refused"),
    "an application is named as who changed it": _("an application is named as who changed it"),
    "resolving an incident resolves its alerts": _("resolving an incident resolves its alerts"),
    "a close reaches Sentinel with its classification": _(
        "a close reaches Sentinel with its classification"
    ),
}


@dataclass(frozen=True, slots=True)
class GraphProbe:
    """What was found: `yes` of `all` questions hold, which do not, and which stayed open."""

    at: datetime
    yes: int
    all: int
    no: tuple[str, ...]
    unknown: tuple[str, ...]


def graph_probe_of(capability: Mapping[str, Any]) -> GraphProbe | None:
    """Return what a workspace keeps of its latest probe; None where it was never probed."""
    if "probed_at" not in capability:
        return None
    found: dict[str, str] = capability.get("found", {})

    def answered(answer: str) -> tuple[str, ...]:
        return tuple(str(PROBES.get(probe, probe)) for probe in found if found[probe] == answer)

    return GraphProbe(
        at=datetime.fromisoformat(capability["probed_at"]),
        yes=len(answered("yes")),
        all=len(found),
        no=answered("no"),
        unknown=answered("unknown"),
    )
