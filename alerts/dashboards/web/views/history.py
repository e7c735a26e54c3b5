"""Historic analysis: ask for a period, read its analysis, take it along as tables."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from alerts.automation.queries import examples_for_rules
from alerts.dashboards.models import HistoryReport
from alerts.dashboards.policies import reasons_against_history
from alerts.dashboards.queries.history_analysis import (
    ALERT_COLUMNS,
    alert_rows,
    alerts_between,
)
from alerts.dashboards.services.history_reports import (
    PERIODS,
    CannotRequestHistory,
    note_history_export,
    request_history_report,
)
from alerts.incidents.wording import term
from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import reach_in_json, reach_of
from portal.accounts.sessions import actor_of
from portal.formats.csv_files import csv_bytes
from portal.ui.pieces import BarPart
from portal.ui.responses import render_page
from portal.ui.words import number

MAX_EXPORTED = 100_000  # alerts of one file; the command writes more
_SHOWN = 100
MAX_BARS = 12  # types of the chart; the table has all
_OF_BAR = ("alerts", "alerts_harmless", "alerts_suspicious")
_PIECE = 1_000
_WHY = {
    "harmless": gettext_lazy("Judged harmless many times, and never anything else."),
    "grave": gettext_lazy("Some of it was suspicious or a true positive."),
    "never": gettext_lazy("Never to be silenced, whatever its history."),
    "timeboxed": gettext_lazy("It can stop a plant: it is closed inside set hours only."),
    "little": gettext_lazy("Too few verdicts, or on too few days."),
    "lowest": gettext_lazy("Already the lowest."),
    "unknown": gettext_lazy("Not in the catalogue of alert types."),
}


@require_http_methods(["GET", "HEAD", "POST"])
def reports(request: HttpRequest) -> HttpResponse:
    """One's own reports; posting asks for another."""
    person = _reader(request)
    reasons: Sequence[str] = ()
    if request.method == "POST":
        days = request.POST.get("days", "")
        try:
            row = request_history_report(
                days=int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0,
                by=person,
                now=clock.now(),
                unshifted=clock.unshifted(),
            )
        except CannotRequestHistory as refusal:
            reasons = refusal.reasons
        else:
            return redirect("dashboards:history-report", row.uuid)
    page = {
        "reports": [(row, _days_words(row)) for row in _own(person)[:_SHOWN]],
        "periods": PERIODS,
        "reasons": reasons,
    }
    status = 422 if reasons else 200
    return render(request, "alerts/dashboards/history.html", page, status=status)


@require_safe
def report(request: HttpRequest, report: UUID) -> HttpResponse:
    """Show one report; while it is made, the page asks again."""
    row = _found(request, report)
    result: dict[str, Any] = row.result or {}
    types, patterns = result.get("types", []), result.get("patterns", [])
    page = {
        "report": row,
        "is_changing": row.state in ("waiting", "running"),
        "result": result,
        "proposals": _proposals(row, types),
        "types": [_type_row(line) for line in types[:_SHOWN]],
        "n_types": len(types),
        "chart": _type_bars(types),
        "patterns": [line | {"severity": term(line["severity"])} for line in patterns[:_SHOWN]],
        "n_patterns": len(patterns),
        "is_cut": result.get("alerts", 0) > MAX_EXPORTED,
        "most": MAX_EXPORTED,
        "here": request.path,
    }
    return render_page(request, "alerts/dashboards/history_report.html", page, part="report")


@require_GET
def download_table(request: HttpRequest, report: UUID, table: str) -> HttpResponseBase:
    """One table of a report as CSV: its types, its patterns, or all alerts of its period. Each that
    goes out is on record.
    """
    row, person, now = _found(request, report), actor_of(request), clock.now()
    name = f'attachment; filename="tagout-{table}-{row.since:%Y%m%d}-{row.until:%Y%m%d}.csv"'
    headers = {"Content-Disposition": name}
    if table == "alerts":
        n = alerts_between(row.by, since=row.since, until=row.until)[:MAX_EXPORTED].count()
        note_history_export(row, table=table, rows=n, by=person, now=now)
        rows = alert_rows(row.by, since=row.since, until=row.until, most=MAX_EXPORTED)
        return StreamingHttpResponse(_csv(rows), content_type="text/csv", headers=headers)
    lines = (row.result or {}).get(table) if table in ("types", "patterns") else None
    if lines is None:
        raise Http404
    note_history_export(row, table=table, rows=len(lines), by=person, now=now)
    columns = list(lines[0]) if lines else ["alert_type"]
    body = csv_bytes(columns, [list(line.values()) for line in lines])
    return HttpResponse(body, content_type="text/csv", headers=headers)


def _csv(rows: Iterator[tuple[Any, ...]]) -> Iterable[bytes]:
    """The file a thousand rows at a time; only the first piece has a mark and the columns."""
    first, piece = True, list[tuple[Any, ...]]()
    for row in rows:
        piece.append(row)
        if len(piece) >= _PIECE:
            yield _piece(piece, first=first)
            first, piece = False, []
    if piece or first:
        yield _piece(piece, first=first)


def _piece(rows: Sequence[tuple[Any, ...]], *, first: bool) -> bytes:
    body = csv_bytes(ALERT_COLUMNS, rows)
    return body if first else body.partition(b"\r\n")[2]


def _days_words(report: HistoryReport) -> str:
    """Return the days of a report from first to last, for its button."""
    return " – ".join(date_format(at, "SHORT_DATE_FORMAT") for at in (report.since, report.until))


def _type_row(line: dict[str, Any]) -> dict[str, Any]:
    return line | {
        "severity": term(line["severity"]),
        "proposed": term(line["proposed"]) if line["proposed"] != line["severity"] else "",
        "why": str(_WHY.get(line["why"], line["why"])),
        "harmless": line["routine"] + line["maintenance"],
    }


def _type_bars(types: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a bar for each of the types that alert most, severities together, and the numbers of
    the others, which have none: it would dwarf each. Nothing for a report of before alerts were
    counted by verdict.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in types:
        if "alerts_harmless" not in line:
            return []
        counts[line["alert_type"]].update({name: line[name] for name in _OF_BAR})
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1]["alerts"], pair[0]))
    shown, others = ranked[:MAX_BARS], ranked[MAX_BARS:]
    most = max((count["alerts"] for _, count in shown), default=0)
    bars = [{"name": name, "parts": _bar_parts(count), "most": most} for name, count in shown]
    if others:
        n, rest = len(others), sum((count for _, count in others), Counter())
        words = ngettext("%(n)s other type", "%(n)s other types", n) % {"n": number(n)}
        bars.append({"name": words, "parts": _bar_parts(rest), "most": 0})
    return bars


def _bar_parts(count: Mapping[str, int]) -> list[BarPart]:
    harmless, suspicious = count["alerts_harmless"], count["alerts_suspicious"]
    unjudged = count["alerts"] - harmless - suspicious
    parts = (
        BarPart("routine", harmless, gettext("%(n)s harmless") % {"n": number(harmless)}),
        BarPart("suspicious", suspicious, gettext("%(n)s suspicious") % {"n": number(suspicious)}),
        BarPart("not-sure", unjudged, gettext("%(n)s not judged") % {"n": number(unjudged)}),
    )
    return [part for part in parts if part.n]


def _proposals(report: HistoryReport, types: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with another severity, each with links to forms of rules that set it: one a
    workspace where the reader makes rules.
    """
    lines = [line for line in types if line["proposed"] != line["severity"]]
    examples = examples_for_rules(
        report.by,
        alert_types={line["alert_type"] for line in lines},
        since=report.since,
        until=report.until,
    )
    rows = []
    for line in lines:
        chosen = urlencode({"effect": "severity", "severity": line["proposed"]})
        links = [
            (workspace, f"{reverse('automation:new_rule', args=[incident_id])}?{chosen}")
            for workspace, incident_id in examples.get((line["alert_type"], line["severity"]), [])
        ]
        rows.append(_type_row(line) | {"links": links})
    return rows


def _reader(request: HttpRequest) -> User:
    person = actor_of(request)
    if reasons_against_history(by=person):
        raise PermissionDenied
    return person


def _own(person: User) -> Any:
    """Reports of a person, newest first, but those made when they saw other things."""
    rows = HistoryReport.objects.filter(by=person, reach=reach_in_json(reach_of(person)))
    return rows.select_related("by").order_by("-made_at", "-pk")


def _found(request: HttpRequest, uuid: UUID) -> HistoryReport:
    row: HistoryReport = get_object_or_404(_own(_reader(request)), uuid=uuid)
    return row
