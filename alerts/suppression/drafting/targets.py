"""What the compiler must know of a workspace: what it accepts, and what its names stand for."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from alerts.incidents.models import Alert
from alerts.sentinel.models import Workspace
from alerts.sites.models import Criticality, Device, Site
from alerts.suppression.engine.compile_sentinel import Target
from alerts.suppression.engine.values import is_mac

GUARDED = frozenset({Criticality.SAFETY.value, Criticality.CROWN_JEWEL.value})


def target_of(workspace: Workspace) -> Target:
    """The workspace as the compiler sees it. Without a probe it accepts nothing."""
    known = workspace.capabilities.get("rules") or {}
    devices = _devices_of(workspace)
    handles: Counter[str] = Counter()
    for name, address, _ in devices:
        handles.update({text.casefold() for text in (name, address) if text})
    guarded = [(name, address) for name, address, what in devices if what in GUARDED]
    return Target(
        workspace=workspace.name,
        accepts=frozenset(known.get("accepts", ())),
        is_in_defender_portal=bool(known.get("is_in_defender_portal", False)),
        single=frozenset(text for text, n in handles.items() if n == 1),
        guarded_devices=_texts(name for name, _ in guarded),
        guarded_addresses=_texts(address for _, address in guarded if not is_mac(address)),
    )


def _devices_of(workspace: Workspace) -> list[tuple[str, str, str]]:
    """Name, address and criticality of all devices at the sites whose alerts come to it."""
    here = Alert.objects.filter(workspace=workspace, site=OuterRef("pk"))
    sites = list(Site.objects.filter(Exists(here)).values_list("pk", flat=True))
    devices = Device.objects.filter(zone__site__in=sites)
    return list(devices.values_list("name", "address", "criticality"))


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))
