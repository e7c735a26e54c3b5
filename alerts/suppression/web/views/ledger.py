"""The ledger: one line per incident that a rule acted on. Filters and page are in the address."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET

from alerts.incidents.queries import incidents_visible_to
from alerts.suppression.deploying.left_out_alerts import left_out_visible_to
from alerts.suppression.enforcing.explain import reasons_visible_to
from alerts.suppression.models import Ending, LedgerAct, LedgerEntry, Where
from alerts.suppression.queries import ledger_visible_to
from alerts.suppression.watching.roll_back import CannotReviewAgain, confirm_close
from alerts.suppression.watching.trials import guard_reasons_of
from alerts.suppression.web.closes_chart import chart_of_ledger
from alerts.suppression.web.shared import number_in, page_frame
from alerts.suppression.web.wording import StateChip, all_in_words, routine_cause, state_word
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.pieces import Tab, with_query
from portal.ui.responses import leave_toast, post_only, render_page

PAGE = 50
ALL, CLOSED, TAGGED, KEPT_OPEN, AGAIN = "all", "closed", "tagged", "kept-open", "again"
_TABS = {
    ALL: gettext_lazy("All lines"),
    CLOSED: gettext_lazy("Closed"),
    TAGGED: gettext_lazy("Would close"),
    KEPT_OPEN: gettext_lazy("Kept open"),
    AGAIN: gettext_lazy("To re-check"),
}
NO_ENDING = "stands"  # how an address names the ending that is none
ENDINGS = {
    Ending.NOTHING: (gettext_lazy("Stands"), "ok", "check"),
    Ending.REOPENED: (gettext_lazy("Reopened"), "high", "undo-2"),
    Ending.TRUE_POSITIVE: (gettext_lazy("True positive"), "high", "flag"),
    Ending.LINKED: (gettext_lazy("Linked to a true positive"), "high", "link"),
    Ending.ON_HOLD: (gettext_lazy("Reopened: its device is held"), "high", "lock"),
    Ending.JOINED: (gettext_lazy("An alert joined that no rule may close"), "high", "plus"),
    Ending.NOT_SENT: (gettext_lazy("Not carried out"), "", "x"),
}
ACTS = {
    LedgerAct.TAGGED: (gettext_lazy("Would close"), "maint", "flask-conical"),
    LedgerAct.CLOSED: (gettext_lazy("Closed"), "ok", "circle-check"),
}
COVERED_BUT_OPEN = (gettext_lazy("Covered, kept open"), "", "eye")  # by a guard
WHERE = {Where.TAGOUT: gettext_lazy("Tagout"), Where.SENTINEL: gettext_lazy("Sentinel")}


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """One thing to narrow the lines to: the value that was chosen, or all that can be."""

    label: str
    chosen: str
    without: str
    choices: list[tuple[str, str]]  # label, address


def filters_of(request: HttpRequest, where: str, ending: str) -> list[LedgerFilter]:
    """What the lines can be narrowed to, and what was chosen."""
    names: dict[str, dict[str, str]] = {
        "where": {str(side): str(label) for side, label in WHERE.items()},
        "ending": {str(code) or NO_ENDING: str(words[0]) for code, words in ENDINGS.items()},
    }
    labels = {"where": gettext("Where"), "ending": gettext("Outcome")}
    return [
        LedgerFilter(
            label=labels[name],
            chosen=values.get(chosen, ""),
            without=with_query(request.GET, {name: None, "after": None}),
            choices=[
                (label, with_query(request.GET, {name: value, "after": None}))
                for value, label in values.items()
            ],
        )
        for (name, values), chosen in zip(names.items(), (where, ending), strict=True)
    ]


def filter_entries(
    entries: QuerySet[LedgerEntry], where: str, ending: str
) -> QuerySet[LedgerEntry]:
    """The lines that an address asks for; what it does not know leaves nothing out."""
    if where in Where.values:
        entries = entries.filter(where=where)
    value = "" if ending == NO_ENDING else ending or None
    return entries.filter(ending=value) if value in Ending.values else entries


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line. `can_open`: the person may open the incident."""

    entry: LedgerEntry
    act: StateChip
    ending: StateChip
    where: str
    reason: str
    ends: str
    can_open: bool
    kept_open: str = ""  # why a guard keeps open what the trial covers


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """What rules did to incidents, newest first."""
    user, now = actor_of(request), clock.now()
    tab = request.GET.get("show", ALL)
    tab = tab if tab in _TABS else ALL
    rule = number_in(request.GET.get("rule", ""))
    entries = ledger_visible_to(user)
    if rule:
        entries = entries.filter(rule__number=rule)
    where, ending = request.GET.get("where", ""), request.GET.get("ending", "")
    filters = filters_of(request, where, ending)
    is_filtered = bool(rule or any(item.chosen for item in filters))
    entries = filter_entries(entries, where, ending)
    again = entries.filter(review_again_at__isnull=False, reviewed_at=None)
    found = _page(_of_tab(entries, again, tab), request.GET.get("after", ""))
    held_back = left_out_visible_to(user, since=now - timedelta(days=30))
    if rule:
        held_back = held_back.filter(rule__number=rule)
    page = page_frame(user, now) | {
        "held_back": held_back.count(),
        "closes": chart_of_ledger(entries, now=now) if tab in (ALL, CLOSED) else None,
        "rows": ledger_rows(found[:PAGE], user),
        "more": with_query(request.GET, {"after": str(found[PAGE - 1].pk)})
        if len(found) > PAGE
        else "",
        "tab": tab,
        "tabs": _tabs(request, tab, again.count()),
        "rule": f"R-{rule}" if rule else "",
        "filters": filters,
        "is_filtered": is_filtered,
        "nothing": empty_ledger_text(tab, filtered=is_filtered),
        "without_filters": with_query(request.GET, {"rule": None, "where": None, "ending": None}),
        "without_rule": with_query(request.GET, {"rule": None}),
    }
    return render_page(request, "alerts/suppression/ledger.html", page, part="rows")


@post_only(otherwise=lambda entry_id: _to_look_at())
def tick_off_entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Somebody looked at this incident again and lets its close stand."""
    user = actor_of(request)
    entry = get_object_or_404(ledger_visible_to(user), pk=entry_id)
    try:
        confirm_close(entry_id=entry.pk, by=user, now=clock.now())
        words = gettext("Re-checked: %(incident)s") % {"incident": f"#{entry.incident.number}"}
    except CannotReviewAgain as refusal:
        words = " ".join(refusal.reasons)
    return leave_toast(request, HttpResponseRedirect(_to_look_at()), words)


def _to_look_at() -> str:
    return f"{reverse('suppression:ledger')}?show={AGAIN}"


def ledger_rows(entries: list[LedgerEntry], user: User) -> list[LedgerRow]:
    """Lines as the page shows them."""
    ids = [entry.incident_id for entry in entries]
    visible = set(incidents_visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    return [_row(entry, entry.incident_id in visible, user) for entry in entries]


def _row(entry: LedgerEntry, can_open: bool, user: User) -> LedgerRow:
    return LedgerRow(
        entry,
        state_word(COVERED_BUT_OPEN if entry.kept_open else ACTS[LedgerAct(entry.act)]),
        state_word(ENDINGS[Ending(entry.ending)]),
        str(WHERE[Where(entry.where)]),
        routine_cause(entry.reason),
        " → ".join(filter(None, (entry.incident.source, entry.incident.destination)))
        if can_open
        else "",
        can_open,
        " ".join(all_in_words(reasons_visible_to(user, guard_reasons_of(entry)))),
    )


def _of_tab(
    entries: QuerySet[LedgerEntry], again: QuerySet[LedgerEntry], tab: str
) -> QuerySet[LedgerEntry]:
    if tab == AGAIN:
        return again
    if tab == CLOSED:
        return entries.filter(act=LedgerAct.CLOSED)
    labelled = entries.filter(act=LedgerAct.TAGGED)
    if tab == TAGGED:
        return labelled.filter(kept_open=[])
    return labelled.exclude(kept_open=[]) if tab == KEPT_OPEN else entries


def _tabs(request: HttpRequest, tab: str, again: int) -> list[Tab]:
    return [
        Tab(
            str(label),
            with_query(request.GET, {"show": name}),
            again if name == AGAIN else None,
            current=name == tab,
            hot=name == AGAIN and again > 0,
        )
        for name, label in _TABS.items()
    ]


def _page(entries: QuerySet[LedgerEntry], after: str) -> list[LedgerEntry]:
    mark: Any = entries.filter(pk=number_in(after)).values_list("at", "pk").first()
    if mark is not None:
        at, pk = mark
        entries = entries.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))
    return list(entries[: PAGE + 1])


def empty_ledger_text(tab: str, *, filtered: bool = False) -> tuple[str, str]:
    """Return the text under an empty tab."""
    if filtered and tab != AGAIN:
        return gettext("Nothing matches these filters"), gettext(
            "Remove a filter to see more lines."
        )
    if tab == AGAIN:
        return (
            gettext("Nothing to re-check"),
            gettext(
                "When a rule stops itself, the incidents it closed in the last seven days "
                "are listed here."
            ),
        )
    return (
        gettext("No rule has acted yet"),
        gettext(
            "Every incident that a rule labels or closes gets a line here, with the rule, who "
            "signed it and the reason."
        ),
    )
