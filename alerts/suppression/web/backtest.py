"""A frozen back-test as a page shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext, ngettext

from alerts.suppression.engine.addresses import reasons_against_address
from alerts.suppression.engine.bound import is_little
from alerts.suppression.engine.words import Sentence
from alerts.suppression.reads.bound_sentence import bound_sentence
from alerts.suppression.web.words import field_label, in_words
from portal.ui.moments import date_of
from portal.ui.pieces import Point
from portal.ui.words import hours, number, percent

_ENDS = {"source": ("source_device", "source_address"),
         "destination": ("destination_device", "destination_address")}  # fmt: skip
MOST_WIDER = 10
_TRAITS = ("protocol", "function", "port")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One way to leave an alert out: the exception it would add."""

    value: str  # field|value, as the editor reads it
    label: str


@dataclass(frozen=True, slots=True)
class Look:
    """One alert for a person's eye, standing for `times` of its kind."""

    ends: str
    detail: str
    at: datetime
    times: int
    site: str
    why: str
    incident_id: int | None
    exclusions: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True)
class Wider:
    """What Sentinel would catch in one workspace beyond the rule: how many, and the newest."""

    workspace: str
    extra: int
    incidents: list[int]
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a back-test found."""

    start: datetime
    end: datetime
    ran_at: datetime
    days: int
    alerts: int
    incidents: int
    suspicious: int
    judged: int
    share: str
    hours_saved: str
    bound: str
    is_little: bool
    points: list[Point]
    chart_title: str
    verdicts: Mapping[str, int]
    unjudged: int
    true_positives: int
    stops: list[Look]
    check_these: list[Look]
    nearest: list[Look]
    sites: list[tuple[str, str, int, int]]
    outcome: str
    after_each: list[int]
    wider: list[Wider]
    hidden: int  # listed alerts that the person may not see


def shown(body: Mapping[str, Any]) -> Shown:
    """The frozen data of `engine.freezing`, ready for a template."""
    start, end = _moment(body["start"]), _moment(body["end"])
    judged = body["judged"]
    outcome = body["outcome"]
    stopped = {_moment(row["at"]).date() for row in body["stops"]}
    return Shown(
        start=start,
        end=end,
        ran_at=_moment(body["ran_at"]),
        days=max((end - start).days, 1),
        alerts=body["alerts"],
        incidents=body["incidents"],
        suspicious=judged["suspicious"],
        judged=judged["trials"],
        share=percent(body["share_of_type"], 0),
        hours_saved=hours(body["minutes_saved"]) if body["minutes_saved"] > 0 else "",
        bound=bound_sentence(judged["suspicious"], judged["trials"]),
        is_little=is_little(judged["trials"]),
        points=[_point(day, count, stopped) for day, count in body["per_day"]],
        chart_title=_chart_title(body["alerts"], body["per_day"]),
        verdicts=judged["by_verdict"],
        unjudged=body["unjudged_alerts"],
        true_positives=body["true_positives"],
        stops=[_look(row) for row in body["stops"]],
        check_these=[_look(row) for row in body["check_these"]],
        nearest=_nearest(body),
        sites=[
            (each["site"], percent(each["share"]), each["matched"], each["incidents"])
            for each in body["sites"]
        ],
        outcome=bound_sentence(outcome["suspicious"], outcome["trials"]),
        after_each=list(body["after_each"]),
        hidden=sum(body.get("hidden", {}).values()),
        wider=[_wider(each) for each in body.get("deployed", []) if each["catches"] == "more"],
    )  # fmt: skip


def reasons_of(stored: Iterable[tuple[str, Mapping[str, str]]]) -> list[str]:
    """What a run holds against the rule, in the language of the page."""
    return [in_words(Sentence(code, **detail)) for code, detail in stored]


def _nearest(body: Mapping[str, Any]) -> list[Look]:
    """Near misses, each with the line that kept it out in the language of the page."""
    said = body.get("nearest_why", [])
    looks = [_look(row) for row in body["nearest"]]
    for place, (code, detail) in enumerate(said[: len(looks)]):
        if code:
            looks[place] = replace(looks[place], why=in_words(Sentence(code, **detail)))
    return looks


def _wider(told: Mapping[str, Any]) -> Wider:
    reasons = reasons_of(told["reasons"])
    return Wider(told["workspace"], told["extra"], told["incidents"][:MOST_WIDER], reasons)


def _look(row: Mapping[str, Any]) -> Look:
    traits = row["traits"]
    ends = " → ".join(end for end in (traits.get("source"), traits.get("destination")) if end)
    said = [traits.get("protocol"), traits.get("function")]
    why = row.get("why", "")
    return Look(
        ends=ends or traits.get("devices") or gettext("No device named"),
        detail=" · ".join(each for each in said if each),
        at=_moment(row["at"]),
        times=row.get("times", 1),
        site=row["site"],
        why=why_of(why),
        incident_id=next(iter(row["incidents"]), None),
        exclusions=tuple(_exclusions(traits)),
    )


def why_of(why: Any) -> str:
    """Stops come as codes, what to check and near misses as the sentence that was frozen."""
    if isinstance(why, list):
        return ", ".join(in_words(Sentence(f"stopper.{name}")) for name in why)
    near_case = Sentence("look.near_case")
    return in_words(near_case) if why == near_case else str(why)


def _exclusions(traits: Mapping[str, str]) -> Iterable[Exclusion]:
    for end, (device, address) in _ENDS.items():
        if value := traits.get(end):
            field = device if reasons_against_address(value) else address
            yield _exclusion(field, value)
    for name in _TRAITS:
        if value := traits.get(name):
            yield _exclusion(name, value)


def _exclusion(field: str, value: str) -> Exclusion:
    return Exclusion(f"{field}|{value}", f"{field_label(field)}: {value}")


def _point(day: str, count: int, stopped: set[date]) -> Point:
    at = date.fromisoformat(day)
    midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
    return Point(date_of(midnight, year=False), count, at in stopped)


def _chart_title(alerts: int, per_day: list[tuple[str, int]]) -> str:
    days = sum(1 for _day, count in per_day if count)
    said = ngettext("%(n)s alert would match", "%(n)s alerts would match", alerts) % {
        "n": number(alerts)
    }
    return gettext("%(alerts)s, on %(days)s of %(all)s days") % {
        "alerts": said, "days": number(days), "all": number(len(per_day)),
    }  # fmt: skip


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
