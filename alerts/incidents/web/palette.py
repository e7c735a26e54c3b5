"""What the portal's search finds of this room: acts on the selected row, incidents, devices."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.models import OtState
from alerts.incidents.policies import reasons_against_acting
from alerts.incidents.queue.search import (
    DeviceHit,
    IncidentHit,
    devices_like,
    incidents_like,
    techniques_of_text,
)
from alerts.incidents.web.links import ask_address
from alerts.incidents.web.targets import Targets, targets_of
from alerts.incidents.wording import SEVERITY_WORDS, STATUS_WORDS
from portal import clock
from portal.accounts.actor import actor_of
from portal.attack.engine import Technique
from portal.ui.palette import Found, Result, is_named
from portal.ui.words import number


def find_acts(request: HttpRequest, text: str) -> Found:
    """Return what this person may do now to the rows that the page has selected; `on` names them
    as the addresses of acts do.
    """
    on = request.GET.get("on", "")
    if not on:
        return Found()
    try:
        targets = targets_of(QueryDict(on), actor_of(request))
    except Http404:
        return Found()
    if reasons_against_acting(targets.incidents, by=actor_of(request)):
        return Found()
    acts = [act for act in _acts(targets, on) if is_named(act.label, text)]
    return Found(acts, heading=gettext("Selected: %(what)s") % {"what": targets.words})


def _acts(targets: Targets, on: str) -> list[Result]:
    assign = reverse("incidents:act", args=["assign"])
    fields = QueryDict(on)
    to_me = {name: fields.getlist(name) for name in fields} | {"to": "me"}
    acts = [
        Result(gettext("Assign to me"), assign, "user-plus", key="A A", how="send", fields=to_me),
        _dialog(gettext("Assign…"), "assign", on, "user-plus", "A"),
    ]
    is_open = all(each.is_open for each in targets.incidents)
    if is_open:
        ask, was_asked = ask_address(), any(each.ot_state for each in targets.incidents)
        if ask and not was_asked and not targets.is_cut and "all" not in fields:
            acts.insert(
                0,
                Result(
                    gettext("Ask OT…"), f"{ask}?{on}", "message-square-reply", key="R", how="dialog"
                ),
            )
        acts += [
            _dialog(gettext("Severity…"), "severity", on, "sliders-horizontal", "S"),
            _dialog(gettext("Comment…"), "comment", on, "message-square", "C"),
            _dialog(gettext("Close…"), "close", on, "circle-check", "E"),
        ]
        if all(each.ot_state == OtState.SUSPICIOUS for each in targets.incidents):
            acts.insert(0, _dialog(gettext("Escalate…"), "escalate", on, "triangle-alert", "U"))
    elif not any(each.is_open for each in targets.incidents):
        acts.append(_dialog(gettext("Reopen…"), "reopen", on, "undo-2", "E"))
    return acts


def _dialog(label: str, verb: str, on: str, icon: str, key: str) -> Result:
    address = reverse("incidents:act", args=[verb])
    return Result(label, f"{address}?{on}", icon, key=key, how="dialog")


def find_incidents(request: HttpRequest, text: str) -> Found:
    """Return the incidents of this number, else those that the filter of the queue finds."""
    if not text:
        return Found()
    found = incidents_like(actor_of(request), text, now=clock.now())
    results = [_incident(hit) for hit in found.hits]
    if found.hits and not found.is_number:
        label = gettext("All incidents that match “%(text)s”") % {"text": text}
        results.append(Result(label, _queue_address(text), "filter"))
    return Found(results, notes=found.problems)


def _incident(hit: IncidentHit) -> Result:
    times = f" ×{number(hit.n)}" if hit.n > 1 else ""
    name = f"#{hit.number} " if hit.number is not None else ""
    status = STATUS_WORDS[hit.status]
    words = (str(status), str(SEVERITY_WORDS[hit.severity]), hit.ends, hit.place)
    return Result(
        f"{name}{bare_title(hit.title)}{times}",
        reverse("incidents:incident", args=[hit.pk]),
        "circle-check" if hit.is_closed else "inbox",
        detail=" · ".join(filter(None, words)),
        is_exact=hit.is_exact,
    )


def find_techniques(request: HttpRequest, text: str) -> Found:
    """Return techniques by id or a part of the name; each leads to the incidents it stands for."""
    return Found([_technique(each) for each in techniques_of_text(text)])


def _technique(technique: Technique) -> Result:
    label = f"{technique.id} {technique.name}"
    return Result(label, _queue_address(f"tech:{technique.id}"), "filter")


def find_devices(request: HttpRequest, text: str) -> Found:
    """Return devices by a part of their name or address; each leads to its page."""
    if not text:
        return Found()
    return Found([_device(hit) for hit in devices_like(actor_of(request), text)])


def _device(hit: DeviceHit) -> Result:
    words = (hit.kind, hit.address if hit.address != hit.name else "", hit.place)
    address = reverse("devices:device", args=[hit.pk])
    return Result(hit.name, address, "cpu", detail=" · ".join(filter(None, words)))


def _queue_address(query: str) -> str:
    return f"{reverse('incidents:queue')}?{urlencode({'view': 'open', 'q': query})}"
