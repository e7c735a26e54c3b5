"""A frozen back-test as a page shows it: figures, and the alerts that a person should look at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from django.utils.translation import gettext, ngettext

from alerts.reviews.models import Verdict
from alerts.rules.bound import is_little
from alerts.rules.evidence import NOT_JUDGED, SUSPICIOUS, TOTALS
from alerts.rules.guards.never import is_strict
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentence import Sentence
from alerts.rules.values import reasons_against_address_value
from alerts.suppression.backtesting.bound_sentence import bound_sentence
from alerts.suppression.backtesting.history_sql import TimeSpan, days_counted
from alerts.suppression.backtesting.redaction import ListedNames, names_in
from alerts.suppression.backtesting.time_to_close import MIN_CLOSES
from alerts.suppression.signing.notify import in_words
from alerts.suppression.web.wording import field_label
from portal.ui.moments import date_of
from portal.ui.pieces import ChartPoint
from portal.ui.words import hours, number, percent

MAX_OVERMATCHES = 10
MAX_KEPT_OPEN = 5
_ENDS = {
    "source": ("source_device", "source_address"),
    "destination": ("destination_device", "destination_address"),
}
_TRAITS = ("protocol", "function", "port")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One way to leave an alert out: the exception it would add."""

    value: str  # field|value, as the editor reads it
    label: str


@dataclass(frozen=True, slots=True)
class IncidentLink:
    """An incident by its number, and the pages of it that a reason leads to."""

    label: str
    href: str

    @property
    def alerts_href(self) -> str:
        """The address of its alerts."""
        return f"{self.href}?tab=alerts"

    @property
    def timeline_href(self) -> str:
        """The address of its verdicts, and of a reopening."""
        return f"{self.href}?tab=timeline"


@dataclass(frozen=True, slots=True)
class SampleAlert:
    """One alert for a person's eye, standing for `times` of its kind: why it is worth it, the
    incident it is in, the verdicts on it, and the true positive near it.
    """

    ends: str
    detail: str
    at: datetime
    times: int
    site: str
    reasons: tuple[str, ...]
    incident: IncidentLink | None
    case: IncidentLink | None
    verdicts: tuple[Verdict, ...]
    exclusions: tuple[Exclusion, ...]


def sample_alert_of(row: Mapping[str, Any], names: ListedNames) -> SampleAlert:
    """Return a listed alert of a frozen back-test as a page shows it."""
    traits = row["traits"]
    ends = " → ".join(end for end in (traits.get("source"), traits.get("destination")) if end)
    details = [traits.get("protocol"), traits.get("function")]
    return SampleAlert(
        ends=ends or traits.get("devices") or gettext("No device named"),
        detail=" · ".join(text for text in details if text),
        at=datetime.fromisoformat(row["at"]),
        times=row.get("times", 1),
        site=row["site"],
        reasons=tuple(_reasons(row)),
        incident=incident_link(next(iter(row["incidents"]), None), names),
        case=incident_link(row.get("case"), names),
        verdicts=tuple(
            names.verdicts[uuid] for uuid in row.get("verdicts", []) if uuid in names.verdicts
        ),
        exclusions=tuple(_exclusions(traits)),
    )


def incident_link(pk: int | None, names: ListedNames) -> IncidentLink | None:
    """Return a listed incident as people call it, with its page; None where it is not listed."""
    return link_to(pk, names.numbers[pk]) if pk is not None and pk in names.numbers else None


def link_to(pk: int, number: int | None) -> IncidentLink:
    """Return an incident by its number, or by its id where it has none yet."""
    label = f"#{number}" if number else gettext("Incident %(id)s") % {"id": pk}
    return IncidentLink(label, f"/incidents/{pk}/")


def _reasons(row: Mapping[str, Any]) -> Iterable[str]:
    """Stops come as codes of what became of them; the others with the sentence that was frozen."""
    why = row.get("why", "")
    stoppers = why if isinstance(why, list) else row.get("stoppers", [])
    for name in stoppers:
        yield in_words(Sentence(f"stopper.{name}"))
    code, detail = row.get("reason") or ("", {})
    if code:
        yield in_words(Sentence(code, **detail))


def _exclusions(traits: Mapping[str, str]) -> Iterable[Exclusion]:
    for end, (device, address) in _ENDS.items():
        if value := traits.get(end):
            field = device if reasons_against_address_value(value) else address
            yield _exclusion(field, value)
    for name in _TRAITS:
        if value := traits.get(name):
            yield _exclusion(name, value)


def _exclusion(field: str, value: str) -> Exclusion:
    return Exclusion(f"{field}|{value}", f"{field_label(field)}: {value}")


@dataclass(frozen=True, slots=True)
class TotalRow:
    """How many alerts and incidents were judged so, and by how many verdicts; an empty verdict
    stands for those that nobody judged.
    """

    verdict: str
    alerts: int
    incidents: int
    verdicts: int | None


@dataclass(frozen=True, slots=True)
class OutsideHours:
    """What people said of alerts that only the hours of the rule leave out."""

    suspicious: int
    true_positives: int
    harmless: int

    @property
    def is_harmful(self) -> bool:
        """Whether something of it was no routine."""
        return bool(self.suspicious or self.true_positives)


@dataclass(frozen=True, slots=True)
class Overmatch:
    """What Sentinel would catch in one workspace beyond the rule: how many, and the newest."""

    workspace: str
    extra: int
    incidents: list[IncidentLink]
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class SampleList:
    """Alerts to look at: those in the person's reach, and how many more there are."""

    looks: list[SampleAlert]
    hidden: int

    @property
    def total(self) -> int:
        """All of them, whoever looks."""
        return len(self.looks) + self.hidden


@dataclass(frozen=True, slots=True)
class GuardReasonLine:
    """Why a guard keeps incidents open that the rule covers, and how many."""

    why: str
    incidents: int


@dataclass(frozen=True, slots=True)
class IncidentSums:
    """Of the incidents with a match: who keeps how many open, and how many are left to close."""

    matched: int
    touched: int
    guarded: int
    guard_reasons: tuple[GuardReasonLine, ...]  # together `guarded`
    shared: int
    closed: int


@dataclass(frozen=True, slots=True)
class BackTestSummary:
    """What a back-test found."""

    start: datetime
    end: datetime
    ran_at: datetime
    days: int
    alerts: int
    incidents: int
    of_type: int
    share: str
    suspicious: int
    judged: int
    totals: list[TotalRow]
    sums: IncidentSums
    outside_hours: OutsideHours | None
    hours_saved: str
    hours_basis: str
    bound: str
    is_little: bool
    points: list[ChartPoint]
    chart_title: str
    stops: SampleList
    check_these: SampleList
    nearest: SampleList
    overmatches: list[Overmatch]


def summarize_backtest(body: Mapping[str, Any], *, rule: RuleDefinition) -> BackTestSummary:
    """Return the frozen body of a back-test of this rule, ready for a template."""
    start, end = _moment(body["start"]), _moment(body["end"])
    judged, names = body["judged"], names_in(body)
    strict = is_strict(rule)
    stopped = {_moment(row["at"]).date() for row in body["stops"]}
    sums = incident_sums(body)
    return BackTestSummary(
        start=start,
        end=end,
        ran_at=_moment(body["ran_at"]),
        days=days_counted(TimeSpan(start, end).days, history_days=body["history_days"]),
        alerts=body["alerts"],
        incidents=body["incidents"],
        of_type=body.get("of_type", 0),
        share=percent(body["share_of_type"], 0),
        suspicious=judged["suspicious"],
        judged=judged["trials"],
        totals=_totals(body),
        sums=sums,
        outside_hours=_outside_hours(body.get("outside_hours")),
        hours_saved=hours(body["minutes_saved"]) if body["minutes_saved"] > 0 else "",
        hours_basis=_hours_basis(body, sums.closed),
        bound=bound_sentence(judged["suspicious"], judged["trials"], is_strict=strict),
        is_little=is_little(judged["trials"], is_strict=strict),
        points=[_point(day, count, stopped) for day, count in body["per_day"]],
        chart_title=_chart_title(body["alerts"], body["per_day"]),
        stops=_looks(body, "stops", names),
        check_these=_looks(body, "check_these", names),
        nearest=_looks(body, "nearest", names),
        overmatches=[
            _overmatch(deployment, names)
            for deployment in body.get("deployed", [])
            if deployment["catches"] == "more" and deployment["extra"]
        ],
    )


def incident_sums(body: Mapping[str, Any]) -> IncidentSums:
    """Return the sums of a frozen back-test. Bodies from before incidents were told apart have only
    those with another alert.
    """
    shared = body.get("shared_incidents", 0)
    totals = body.get("incident_totals") or {"closed": body["incidents"] - shared, "shared": shared}
    return IncidentSums(
        matched=body["incidents"],
        touched=totals.get("touched", 0),
        guarded=totals.get("guarded", 0),
        guard_reasons=tuple(_guard_lines(totals.get("guarded", 0), body.get("guard_reasons", []))),
        shared=totals["shared"],
        closed=totals["closed"],
    )


def _guard_lines(guarded: int, stored: Iterable[Mapping[str, Any]]) -> Iterable[GuardReasonLine]:
    """One line a reason, the most frequent first, and one for all that is beyond those."""
    left = guarded
    for kept in islice(stored, MAX_KEPT_OPEN):
        code, detail = kept["reason"]
        yield GuardReasonLine(in_words(Sentence(code, **detail)), kept["incidents"])
        left -= kept["incidents"]
    if left > 0:
        yield GuardReasonLine(gettext("Other guards keep them open."), left)


def backtest_reasons(stored: Iterable[tuple[str, Mapping[str, str]]]) -> list[str]:
    """Return what a run holds against the rule, in the language of the page."""
    return [in_words(Sentence(code, **detail)) for code, detail in stored]


def _totals(body: Mapping[str, Any]) -> list[TotalRow]:
    """One row a verdict that was given, and the rest; together they are all that matched."""
    totals, verdict_counts = body.get("totals", {}), body["judged"]["by_verdict"]
    rows = []
    for verdict in TOTALS:
        total = totals.get(verdict, {"alerts": 0, "incidents": 0})
        is_judged = verdict != NOT_JUDGED
        verdicts = verdict_counts.get(verdict, 0) if is_judged else None
        if total["alerts"] or verdicts or verdict in (SUSPICIOUS, NOT_JUDGED):
            row = TotalRow(
                verdict if is_judged else "", total["alerts"], total["incidents"], verdicts
            )
            rows.append(row)
    return rows


def _outside_hours(counts: Mapping[str, Any] | None) -> OutsideHours | None:
    if counts is None:
        return None
    harmless = counts["routine"]["alerts"] + counts["maintenance"]["alerts"]
    return OutsideHours(counts[SUSPICIOUS]["alerts"], counts["true_positives"], harmless)


def _hours_basis(body: Mapping[str, Any], closed: int) -> str:
    """On what the hours rest; where too little was measured, what is missing."""
    time_to_close = body.get("handling") or {"minutes": None, "closings": 0, "of": "all"}
    closings = number(time_to_close["closings"])
    if time_to_close["minutes"] is None:
        return ngettext(
            "Hours saved are not known yet: of %(most)s closings by people that such an estimate "
            "needs, %(n)s was measured.",
            "Hours saved are not known yet: of %(most)s closings by people that such an estimate "
            "needs, %(n)s were measured.",
            time_to_close["closings"],
        ) % {"n": closings, "most": number(MIN_CLOSES)}
    estimate = gettext("An estimate: %(incidents)s incidents × %(minutes)s min.") % {
        "incidents": number(closed),
        "minutes": number(time_to_close["minutes"], 1),
    }
    basis = (
        gettext("That is the median of the %(n)s closings of these incidents by people.")
        if time_to_close["of"] == "matches"
        else gettext("That is the median of all %(n)s closings by people in 90 days.")
    )
    return f"{estimate} {basis % {'n': closings}}"


def _looks(body: Mapping[str, Any], name: str, names: ListedNames) -> SampleList:
    looks = [sample_alert_of(row, names) for row in body[name]]
    return SampleList(looks, body.get("hidden", {}).get(name, 0))


def _overmatch(deployment: Mapping[str, Any], names: ListedNames) -> Overmatch:
    links = [incident_link(pk, names) for pk in deployment["incidents"][:MAX_OVERMATCHES]]
    incidents = [link for link in links if link]
    return Overmatch(
        deployment["workspace"],
        deployment["extra"],
        incidents,
        backtest_reasons(deployment["reasons"]),
    )


def _point(day: str, count: int, stopped: set[date]) -> ChartPoint:
    at = date.fromisoformat(day)
    midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
    return ChartPoint(date_of(midnight, year=False), count, at in stopped)


def _chart_title(alerts: int, per_day: list[tuple[str, int]]) -> str:
    days = sum(1 for _day, count in per_day if count)
    matches = ngettext("%(n)s alert would match", "%(n)s alerts would match", alerts) % {
        "n": number(alerts)
    }
    return gettext("%(alerts)s, on %(days)s of %(all)s days") % {
        "alerts": matches,
        "days": number(days),
        "all": number(len(per_day)),
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
