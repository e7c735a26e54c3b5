"""Which incidents are meant where several are: their numbers, and when they happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import QuerySet

from alerts.incidents.models import ACTIVE_UNTIL, Group, Incident
from alerts.incidents.wording import number_words
from portal.ui.moments import period_words

MAX_LISTED = 50


@dataclass(frozen=True, slots=True)
class Member:
    """One incident of several."""

    pk: int
    number: str
    happened: str


@dataclass(frozen=True, slots=True)
class Members:
    """Several incidents: how many, from when to when, and the newest of them one by one."""

    n: int
    span: str
    listed: Sequence[Member]

    @property
    def unlisted(self) -> int:
        """How many are not listed one by one."""
        return self.n - len(self.listed)


def members_of(
    incidents: Iterable[Incident], *, now: datetime, zone: str | tzinfo, is_dated: bool = False
) -> Members:
    """Return which incidents are meant, those that happened last first."""
    ordered = sorted(incidents, key=lambda each: (each.active_until, each.pk), reverse=True)
    if not ordered:
        return Members(0, "", ())
    first = min(each.active_from for each in ordered)
    return Members(
        len(ordered),
        period_words(first, ordered[0].active_until, now, zone, is_dated=is_dated),
        [_member(each, now, zone, is_dated=is_dated) for each in ordered[:MAX_LISTED]],
    )


def members_of_group(
    group: Group, incidents: QuerySet[Incident], *, now: datetime, zone: tzinfo
) -> Members:
    """Return for which of these incidents a row of the queue stands. Only those listed are read."""
    newest = incidents.filter(group_key=group.key).order_by(ACTIVE_UNTIL.desc(), "-pk")
    return Members(
        group.n,
        period_words(group.first_at, group.latest_at, now, zone),
        [_member(each, now, zone) for each in newest[:MAX_LISTED]],
    )


def _member(
    incident: Incident, now: datetime, zone: str | tzinfo, *, is_dated: bool = False
) -> Member:
    number = number_words(incident.number, incident.pk)
    return Member(incident.pk, number, happened_words(incident, now, zone, is_dated=is_dated))


def happened_words(
    incident: Incident, now: datetime, zone: str | tzinfo, *, is_dated: bool = False
) -> str:
    """Return when an incident happened, on the plant's clock."""
    first, latest = incident.active_from, incident.active_until
    return period_words(first, latest, now, zone, is_dated=is_dated)
