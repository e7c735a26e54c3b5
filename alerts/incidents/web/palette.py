"""What the portal's search finds of this room: acts on the selected row, incidents, techniques."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.engine.tokens import Term, incident_number_in, parse_query
from alerts.incidents.models import Incident, IncidentStatus, OtState, Severity
from alerts.incidents.policies import reasons_against_acting
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.queue.conditions import where
from alerts.incidents.queue.queries import CLOSED, COUNTED, Queue, queue_params
from alerts.incidents.registry import techniques_by_type
from alerts.incidents.web.links import ask_address
from alerts.incidents.web.targets import Targets, targets_of
from alerts.incidents.wording import SEVERITY_WORDS, STATUS_WORDS
from alerts.sentinel.models import Workspace
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.attack.engine import Technique, techniques_like
from portal.ui.palette import MAX_RESULTS, FinderResult, Result, is_named
from portal.ui.words import number

MAX_LOOKED_AT = 1000  # selected incidents, of which acts are offered as one types
MAX_TECHNIQUES = 2
MIN_TECHNIQUE_TEXT = 3


@dataclass(frozen=True, slots=True)
class IncidentHit:
    """An incident that was found, or the one that a row of the queue is named after."""

    pk: int
    number: int | None
    title: str
    n: int
    severity: Severity
    status: IncidentStatus
    ends: str
    place: str
    is_exact: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether nobody has to deal with it any more."""
        return self.status == IncidentStatus.CLOSED


@dataclass(frozen=True, slots=True)
class IncidentSearch:
    """What a text found, and sentences about what of it means nothing."""

    hits: Sequence[IncidentHit]
    problems: Sequence[str] = ()
    is_number: bool = False


def incidents_with_number(user: User, number: int) -> QuerySet[Incident]:
    """Return the visible incidents of this number, one in each workspace at most."""
    workspaces = Workspace.objects.values_list("pk", flat=True)  # the index begins with them
    return incidents_visible_to(user).filter(workspace_id__in=list(workspaces), number=number)


def incident_by_number(user: User, terms: Sequence[Term]) -> int | None:
    """Return the id of the one incident that a query names by its number and nothing else."""
    if (number := _lone_number(terms)) is None:
        return None
    ids = list(incidents_with_number(user, number).values_list("pk", flat=True)[:2])
    return ids[0] if len(ids) == 1 else None


def find_incidents_like(user: User, text: str, *, now: datetime) -> IncidentSearch:
    """Return rows that the queue's filter finds by priority, then newest closed ones."""
    terms = parse_query(text)
    if (number := _lone_number(terms)) is not None:
        rows = incidents_with_number(user, number).order_by("-created_at")
        named = _hits(rows.annotate(n=Value(1))[:MAX_RESULTS])
        if named:
            alone = len(named) == 1
            return IncidentSearch([_exact(hit) for hit in named] if alone else named, (), True)
    queue = Queue(user, queue_params("open", text), now=now)
    _, problems = where(terms, queue.around("open"))
    if problems:
        return IncidentSearch((), problems)
    groups = queue.rows("open", terms).order_by("-priority", "-latest_at", "key")
    named_after = Coalesce("lead_id", "latest_id")
    named = groups.annotate(named_after=named_after, status=F("statuses__0"))
    hits = _hits(named[:MAX_RESULTS], pk="named_after")
    if len(hits) < MAX_RESULTS:
        closed = queue.rows(CLOSED, terms, searched=COUNTED).order_by("-modified_at", "-pk")
        hits += _hits(closed.annotate(n=Value(1))[: MAX_RESULTS - len(hits)])
    return IncidentSearch(hits)


def techniques_of_text(text: str) -> tuple[Technique, ...]:
    """Return the current techniques of alerts whose id or name has this text."""
    if len(text) < MIN_TECHNIQUE_TEXT:
        return ()
    techniques = [technique for technique in techniques_like(text) if technique.is_current]
    if not techniques:  # nearly every text; the reviews need not be read
        return ()
    used = {technique for ids in techniques_by_type().values() for technique in ids}
    return tuple(technique for technique in techniques if technique.id in used)[:MAX_TECHNIQUES]


def _lone_number(terms: Sequence[Term]) -> int | None:
    if len(terms) != 1 or terms[0].field or terms[0].negated:
        return None
    return incident_number_in(terms[0].values[0])


def _hits(rows: QuerySet, *, pk: str = "pk") -> list[IncidentHit]:  # type: ignore[type-arg]  # groups or incidents
    columns = ("number", "title", "n", "severity", "status", "source", "destination", "place")
    return [
        IncidentHit(
            pk=row[pk],
            number=row["number"],
            title=row["title"],
            n=row["n"],
            severity=Severity(row["severity"]),
            status=IncidentStatus(row["status"]),
            ends=" → ".join(filter(None, (row["source"], row["destination"]))),
            place=row["place"],
        )
        for row in rows.values(pk, *columns)
    ]


def _exact(hit: IncidentHit) -> IncidentHit:
    return replace(hit, is_exact=True)


def find_acts(request: HttpRequest, text: str) -> FinderResult:
    """Return what this person may do to the selected rows; `on` names them in addresses."""
    on = request.GET.get("on", "")
    if not on:
        return FinderResult()
    try:
        targets = targets_of(QueryDict(on), actor_of(request), now=clock.now(), limit=MAX_LOOKED_AT)
    except Http404:
        return FinderResult()
    if reasons_against_acting(targets.incidents, by=actor_of(request)):
        return FinderResult()
    acts = [act for act in _acts(targets, on) if is_named(act.label, text)]
    what = targets.words
    if targets.is_cut:
        what = gettext("more than %(n)s incidents") % {"n": number(MAX_LOOKED_AT)}
    return FinderResult(acts, heading=gettext("Selected: %(what)s") % {"what": what})


def _acts(targets: Targets, on: str) -> list[Result]:
    assign = reverse("incidents:act", args=["assign"])
    fields = QueryDict(on)
    to_me = {name: fields.getlist(name) for name in fields} | {"to": "me"}
    acts = [
        Result(gettext("Assign to me"), assign, "user-plus", key="A A", how="send", fields=to_me),
        _dialog(gettext("Assign…"), "assign", on, "user-plus", "A"),
    ]
    is_open = all(incident.is_open for incident in targets.incidents)
    if is_open:
        ask, was_asked = ask_address(), all(incident.ot_state for incident in targets.incidents)
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
            _dialog(gettext("Put aside…"), "aside", on, "calendar-clock", "B"),
            _dialog(gettext("Close…"), "close", on, "circle-check", "E"),
        ]
        if any(incident.ot_state == OtState.SUSPICIOUS for incident in targets.incidents):
            acts.insert(0, _dialog(gettext("Escalate…"), "escalate", on, "triangle-alert", "U"))
    elif not any(incident.is_open for incident in targets.incidents):
        acts.append(_dialog(gettext("Reopen…"), "reopen", on, "undo-2", "E"))
    return acts


def _dialog(label: str, verb: str, on: str, icon: str, key: str) -> Result:
    address = reverse("incidents:act", args=[verb])
    return Result(label, f"{address}?{on}", icon, key=key, how="dialog")


def find_incidents(request: HttpRequest, text: str) -> FinderResult:
    """Return the incidents of this number, else those that the filter of the queue finds."""
    if not text:
        return FinderResult()
    search = find_incidents_like(actor_of(request), text, now=clock.now())
    results = [_incident(hit) for hit in search.hits]
    if search.hits and not search.is_number:
        label = gettext("All incidents that match “%(text)s”") % {"text": text}
        results.append(Result(label, _queue_address(text), "filter"))
    return FinderResult(results, notes=search.problems)


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


def find_techniques(request: HttpRequest, text: str) -> FinderResult:
    """Return techniques by id or a part of the name; each leads to the incidents it stands for."""
    return FinderResult([_technique(technique) for technique in techniques_of_text(text)])


def _technique(technique: Technique) -> Result:
    label = f"{technique.id} {technique.name}"
    return Result(label, _queue_address(f"tech:{technique.id}"), "filter")


def _queue_address(query: str) -> str:
    return f"{reverse('incidents:queue')}?{urlencode({'view': 'open', 'q': query})}"
