"""Which incidents a person saw and found harmless, by which act: one verdict of OT, or one closing
by the SOC, in Tagout or in Sentinel. Trials count looks (S4). Of one person's verdicts and closings
the first sixty of an hour count (S12).
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from django.db.models import QuerySet

from alerts.incidents.engine.closers import is_person
from alerts.incidents.models import (
    BY_TOKEN,
    CLOSE_IN_FORCE,
    Incident,
    IncidentCloser,
    TimelineItem,
)
from alerts.reviews.models import CameBy, VerdictIncident, VerdictKind
from alerts.reviews.queries.questions import verdicts_in_force
from alerts.reviews.queries.verdict_files import confirmations_of
from alerts.rules.trial import MAX_OWN_CREDIT
from alerts.suppression.signing.signing_context import MAX_VERDICTS_AN_HOUR, without_flood
from portal.accounts.models import User
from portal.accounts.queries import identity_of

HARMLESS: Final = (VerdictKind.ROUTINE, VerdictKind.MAINTENANCE)
BENIGN: Final = "BenignPositive"
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
MIN_LOOK: Final = timedelta(minutes=2)  # from the creation of an incident to its closing


class LookSource(StrEnum):
    """Where a person found an incident harmless."""

    ANSWER = "answer"  # of OT, on a page of Tagout
    CLOSING = "closing"  # in Tagout
    TAKEN = "taken"  # closed in Sentinel by its owner, or by nobody known where it has one
    CLOSER = "closer"  # closed in Sentinel by a person who is not its owner
    FILE = "file"  # of OT, before Tagout, in a file that their lead has confirmed


# What a rule of types that need hours may count: of whom it is certain that they had it in hand.
STRICT_SOURCES: Final = frozenset({LookSource.ANSWER, LookSource.CLOSING, LookSource.TAKEN})


class HarmlessLook(NamedTuple):
    """By which verdict or closing an incident was found harmless, and by whom, if that is known.
    `closer` is the name of who closed it in Sentinel, in lower case; `file` is what it came by, and
    `confirmers` are the leads who vouch for that, as `identity_of` names them.
    """

    act: str
    person: int | None
    source: LookSource
    closer: str = ""
    confirmers: frozenset[str] = frozenset()
    file: int | None = None


def harmless_looks(incident_ids: Collection[int]) -> dict[int, HarmlessLook]:
    """Return, of these incidents, those that a person saw and found harmless, and by which look:
    one verdict of OT, or one closing by the SOC. Whoever counts them counts looks, because one tap
    is one trial however many incidents it covers. What somebody called suspicious, what turned out
    a true positive and what was opened again is not among them.
    """
    if not incident_ids:
        return {}
    of_files, verdicts = _verdicts_of_files(incident_ids), _verdicts_on(incident_ids)
    looks = of_files | _closings_of(incident_ids) | verdicts
    for incident in doubted_among(looks):
        del looks[incident]
    return looks


def limits_of(look: HarmlessLook, *, proposer: User | None = None) -> set[str]:
    """Return whose looks this is one of, of which few count: the proposer's, a closer's, a file's,
    a confirmer's. A file may be of the hand of whoever imported it, whatever names stand in it.
    """
    limits = _limits_of_file(look)
    if look.closer:
        limits.add(f"closer {look.closer}")
    if proposer is not None and (
        look.person == proposer.pk or identity_of(proposer) in look.confirmers
    ):
        limits.add("proposer")
    return limits


def count_within_limits(
    looks: Iterable[HarmlessLook], *, proposer: User | None = None, most: int = MAX_OWN_CREDIT
) -> int:
    """Return how many of these a trial would count: each look once, of the proposer's and of any
    one closer's, file's or confirmer's so many at most.
    """
    counts = Counter[str]()
    total = 0
    for look in sorted(set(looks), key=lambda look: (not look.closer, look.act)):
        limits = limits_of(look, proposer=proposer)
        if all(counts[who] < most for who in limits):
            counts.update(limits)
            total += 1
    return total


def count_beside_credit(
    fresh: Iterable[HarmlessLook], credited: Iterable[HarmlessLook], *, most: int = MAX_OWN_CREDIT
) -> int:
    """Return how many looks at the matches of a trial count: each once, of one file, and of what
    one lead confirmed, no more than `most` together with what its credit has of them already.
    """
    counts = Counter(who for look in set(credited) for who in _limits_of_file(look))
    total = 0
    for look in sorted(set(fresh), key=lambda look: look.act):
        limits = _limits_of_file(look)
        if all(counts[who] < most for who in limits):
            counts.update(limits)
            total += 1
    return total


def _limits_of_file(look: HarmlessLook) -> set[str]:
    limits = {f"confirmer {lead}" for lead in look.confirmers}
    return limits if look.file is None else limits | {f"file {look.file}"}


def looks_for(looks: Mapping[int, HarmlessLook], *, is_strict: bool) -> Mapping[int, HarmlessLook]:
    """Return those looks that a rule may count: of a strict rule fewer sources do."""
    if not is_strict:
        return looks
    return {pk: look for pk, look in looks.items() if look.source in STRICT_SOURCES}


def unconfirmed_among(incident_ids: Collection[int]) -> set[int]:
    """Return those that a file calls harmless and nobody's look holds for harmless any more: the
    lead has taken the confirmation back, or leads OT there no longer.
    """
    if not incident_ids:
        return set()
    links = VerdictIncident.objects.filter(incident__in=incident_ids, verdict__came_by=CameBy.FILE)
    of_files = set(links.values_list("incident", flat=True))
    vouched = _verdicts_of_files(of_files).keys() - doubted_among(of_files)
    rest = of_files - vouched  # of which few have another look
    return rest - harmless_looks(rest).keys()


def _links_of(came_by: CameBy, incident_ids: Collection[int]) -> QuerySet[VerdictIncident]:
    """The verdicts in force that came in this way and call an incident harmless, oldest first."""
    verdicts = without_flood(verdicts_in_force().filter(kind__in=HARMLESS, came_by=came_by))
    links = VerdictIncident.objects.filter(
        incident__in=incident_ids, verdict__in=verdicts.values("pk")
    )
    return links.order_by("verdict")


def _verdicts_on(incident_ids: Collection[int]) -> dict[int, HarmlessLook]:
    """By incident, the first verdict of OT in force that calls it harmless and that a person gave
    on a page. Behind what a token brings, nobody has seen the incidents.
    """
    found: dict[int, HarmlessLook] = {}
    rows = _links_of(CameBy.PAGE, incident_ids)
    for incident, verdict, person in rows.values_list("incident", "verdict", "verdict__by"):
        found.setdefault(incident, HarmlessLook(f"verdict {verdict}", person, LookSource.ANSWER))
    return found


def _verdicts_of_files(incident_ids: Collection[int]) -> dict[int, HarmlessLook]:
    """By incident, the first verdict of a file that a lead of OT has confirmed for all sites of the
    incident. Nobody vouches alone for a verdict of their own.
    """
    rows = _links_of(CameBy.FILE, incident_ids).exclude(verdict__file=None)
    links = list(rows.select_related("verdict__by", "incident"))
    confirmations = confirmations_of({link.verdict.file_id or 0 for link in links})
    found: dict[int, HarmlessLook] = {}
    for link in links:
        verdict, sites = link.verdict, link.incident.site_ids
        leads = [
            row.by for site in sites if (row := confirmations.get((verdict.file_id or 0, site)))
        ]
        is_own = any(identity_of(lead) == identity_of(verdict.by) for lead in leads)
        if sites and len(leads) == len(sites) and not is_own:
            look = HarmlessLook(
                f"verdict {verdict.pk}",
                verdict.by_id,
                LookSource.FILE,
                confirmers=frozenset(identity_of(lead) for lead in leads),
                file=verdict.file_id,
            )
            found.setdefault(link.incident_id, look)
    return found


def _closings_of(incident_ids: Collection[int]) -> dict[int, HarmlessLook]:
    """By incident, the act by which a person closed it as benign: in Tagout, or in Sentinel where
    somebody had taken it or a person is known to have closed it. What rules of ours, a token, or an
    automation of Sentinel close, no person has seen.
    """
    closed = Incident.objects.filter(
        CLOSE_IN_FORCE, pk__in=incident_ids, classification=BENIGN, closed_by=""
    ).select_related("closer")
    rows = {row.pk: row for row in closed}
    acts: dict[int, HarmlessLook] = {}
    closings = TimelineItem.objects.filter(incident__in=rows, code="closed", by__isnull=False)
    found = closings.order_by("at", "pk").values_list("incident", "act", "pk", "by", "details")
    of_tokens = set[int]()
    for incident, act, pk, person, details in found:
        acts[incident] = HarmlessLook(f"closing {act or pk}", person, LookSource.CLOSING)
        (of_tokens.add if details.get(BY_TOKEN) else of_tokens.discard)(incident)
    looks = _closings_in_sentinel([row for pk, row in rows.items() if pk not in acts]) | acts
    return {pk: look for pk, look in looks.items() if pk not in of_tokens}


def _closings_in_sentinel(rows: Collection[Incident]) -> dict[int, HarmlessLook]:
    """By incident, the closing by a person. Of what one person closed within a minute all is one
    look: the portal closes as many as somebody ticks. Where the closer is unknown, whoever had
    taken it counts as such.
    """
    closers = {row.pk: row.closer for row in rows if hasattr(row, "closer")}
    names = {closer.name.casefold() for closer in closers.values()}
    people = {
        email.casefold(): pk
        for pk, email in User.objects.filter(email__in=names).values_list("pk", "email")
    }
    flooding, acts = _closers_who_flood(closers), _acts_of(closers.values())
    looks: dict[int, HarmlessLook] = {}
    for row in rows:
        is_taken = bool(row.owner_id or row.owner_name)
        closer = closers.get(row.pk)
        if closer is None:
            if is_taken:
                looks[row.pk] = HarmlessLook(f"closing of {row.pk}", None, LookSource.TAKEN)
        elif row.pk not in flooding and _is_look(row, closer):
            name = closer.name.casefold()
            is_owner = row.owner_email.casefold() == name
            source = LookSource.TAKEN if is_owner else LookSource.CLOSER
            looks[row.pk] = HarmlessLook(acts[row.pk], people.get(name), source, name)
    return looks


def _acts_of(closers: Collection[IncidentCloser]) -> dict[int, str]:
    """By incident, the act by which it was closed: whatever its closer closed within a minute."""
    acts: dict[int, str] = {}
    first: IncidentCloser | None = None
    for closer in sorted(closers, key=lambda closer: (closer.name, closer.closed_at)):
        is_same = first is not None and first.name == closer.name
        if first is None or not is_same or closer.closed_at - first.closed_at >= MINUTE:
            first = closer
        acts[closer.pk] = f"closing by {first.name} at {first.closed_at}"
    return acts


def _is_look(row: Incident, closer: IncidentCloser) -> bool:
    """Whether this closing is one by a person who has looked: somebody with a name of their own, a
    reason, and the time to read. A playbook that runs on a person's account takes seconds.
    """
    took = closer.closed_at - row.created_at
    return is_person(closer.name) and bool(row.classification_reason) and took >= MIN_LOOK


def _closers_who_flood(closers: Mapping[int, IncidentCloser]) -> set[int]:
    """Return those closings of people that are beyond the first sixty of their closer's hour (S12).
    What machines close is never counted: it may be most of a workspace.
    """
    of_people = [closer for closer in closers.values() if is_person(closer.name)]
    if not of_people:
        return set()
    moments = [closer.closed_at for closer in of_people]
    closings: dict[str, list[datetime]] = defaultdict(list)
    rows = IncidentCloser.objects.filter(
        name__in={closer.name for closer in of_people},
        closed_at__gt=min(moments) - HOUR,
        closed_at__lte=max(moments),
    )
    for name, at in rows.order_by("closed_at").values_list("name", "closed_at"):
        closings[name].append(at)
    return {
        closer.incident_id
        for closer in of_people
        if _count_within(closings[closer.name], closer.closed_at - HOUR, closer.closed_at)
        > MAX_VERDICTS_AN_HOUR
    }


def _count_within(moments: Sequence[datetime], after: datetime, until: datetime) -> int:
    """Return how many of these moments, in order, lie after the first and not after the second."""
    return bisect_right(moments, until) - bisect_right(moments, after)


def doubted_among(incident_ids: Collection[int]) -> set[int]:
    """Those that were called suspicious, turned out a true positive, or were opened again."""
    ids = list(incident_ids)
    if not ids:
        return set()
    suspicious = verdicts_in_force().filter(kind=VerdictKind.SUSPICIOUS, incidents__in=ids)
    found = set(suspicious.values_list("incidents", flat=True))
    found |= set(
        Incident.objects.filter(pk__in=ids, classification="TruePositive").values_list(
            "pk", flat=True
        )
    )
    reopened = TimelineItem.objects.filter(incident__in=ids, code="reopened")
    return (found | set(reopened.values_list("incident", flat=True))) & set(ids)
