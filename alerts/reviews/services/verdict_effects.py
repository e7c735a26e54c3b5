"""What follows from a verdict, in its transaction: Sentinel gets label and comment, timeline and
pattern keep it, who asked and who owns the incident is notified, the queue shows it.

Which verdict holds, what a pattern counts and the OT state of an incident is worked out from the
verdicts that are there, in whichever order they came, were undone or were superseded.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import batched
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, F, OuterRef, Subquery

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.ingest.overlay import (
    LatestVerdict,
    OtStateAndDueDate,
    PatternVerdicts,
    lock_pattern_memory,
    set_ot_states,
    set_pattern_verdicts,
)
from alerts.incidents.models import Incident, OtState, TimelineItem
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import AskedIncident, Question, Verdict, VerdictIncident
from alerts.reviews.queries.questions import (
    VerdictOrder,
    blind_verdicts,
    verdicts_in_force,
    verdicts_that_hold,
)
from alerts.reviews.services.notify import notify_answered
from alerts.reviews.services.sentinel_comments import cause_words, enqueue_verdict
from portal.accounts.models import User

BATCH = 10_000  # ids in one query


class Succession(NamedTuple):
    """What came of bringing verdicts into their order."""

    holding: dict[int, int]  # incident → the verdict that holds for it
    changed: set[int]  # verdicts that hold again, or hold no more


def apply_verdict_effects(
    verdict: Verdict,
    *,
    incidents: Sequence[Incident],
    questions: Sequence[Question],
    succession: Succession,
    neighbours: Collection[int],
    now: datetime,
) -> None:
    """Send a verdict to Sentinel, timeline, pattern, people; rank its incidents, `neighbours`."""
    ids = [incident.pk for incident in incidents]
    holding = {pk for pk, holder in succession.holding.items() if holder == verdict.pk}
    enqueue_verdict(verdict, incidents=incidents, holding=holding, now=now)
    _write_down(verdict, ids, now=now)
    recount_patterns(patterns_of([verdict.pk, *succession.changed]))
    lead = max(
        incidents, key=lambda incident: (incident.severity, incident.created_at, incident.pk)
    )
    people = [
        person
        for person in _interested(incidents, questions, verdict)
        if incidents_visible_to(person).filter(pk=lead.pk).exists()
    ]
    notify_answered(
        verdict, incident=lead, people=people, about=incidents, left=_left(questions), now=now
    )
    restore_ot_state(ids, now=now, rank_too=neighbours)


def _left(answered: Sequence[Question]) -> int:
    """How many incidents of these questions wait on."""
    return AskedIncident.objects.filter(question__in=answered, answer=None).count()


def _write_down(verdict: Verdict, ids: Sequence[int], *, now: datetime) -> None:
    details = {
        "verdict": verdict.kind,
        "cause": verdict.cause,
        "note": verdict.note,
        "work_order": verdict.work_order,
        "done_by": verdict.done_by,
        "n": len(ids),
        "annotation": str(verdict.uuid),
    }
    write_timeline(
        incident_ids=ids,
        code="answered",
        side=TimelineItem.Side.OT,
        by=verdict.by,
        now=now,
        details=details,
        act=verdict.act,
    )


def _interested(
    incidents: Sequence[Incident], answered: Sequence[Question], verdict: Verdict
) -> list[User]:
    """Return who asked and who owns the incidents, never the person who answered."""
    asker_ids = {opinion.asked_by_id for opinion in answered}
    if verdict.question and not answered:
        asker_ids.add(verdict.question.asked_by_id)
    owners = {incident.owner_email.lower() for incident in incidents if incident.owner_email}
    people = User.objects.filter(is_active=True).exclude(pk=verdict.by_id)
    return [
        *people.filter(pk__in=asker_ids).order_by("pk"),
        *people.filter(email__in=owners).exclude(pk__in=asker_ids).order_by("pk"),
    ]


def settle_succession(incident_ids: Collection[int]) -> Succession:
    """Bring the verdicts on these incidents into the order in which they were given. One that is
    the newest on no incident is superseded, by the verdict that covered the last of them; a
    suspicion only by one that is about its alerts, too. The result depends on which verdicts there
    are, not on the order in which they arrived.
    """
    on_incident = _verdicts_near(incident_ids)
    covers: dict[VerdictOrder, list[int]] = defaultdict(list)
    for incident, verdicts in on_incident.items():
        for verdict in verdicts:
            covers[verdict].append(incident)
    blind = blind_verdicts(on_incident)
    survivors = _survivors_among(on_incident)
    successors: dict[int, int | None] = {}
    for verdict, incidents in covers.items():
        following = [
            _next_after(
                verdict, [v for v in on_incident[pk] if (pk, verdict.pk, v.pk) not in blind]
            )
            for pk in incidents
            # Not where it is judged with the one that it was merged into.
            if pk not in survivors or survivors[pk] not in incidents
        ]
        overtaken = [verdict for verdict in following if verdict is not None]
        is_superseded = bool(overtaken) and len(overtaken) == len(following)
        successors[verdict.pk] = max(overtaken).pk if is_superseded else None
    # Verdicts that share no incident with these are in `covers` only in part: left alone.
    ours = _ids_on(incident_ids)
    changed = _write({pk: other for pk, other in successors.items() if pk in ours})
    ours_on = {pk: on_incident[pk] for pk in incident_ids if pk in on_incident}
    holding = {pk: verdict.pk for pk, verdict in verdicts_that_hold(ours_on).items()}
    return Succession(holding, changed)


def _survivors_among(incident_ids: Collection[int]) -> dict[int, int]:
    """Return by id which of these incidents was merged into which other one of them."""
    found: dict[int, int] = {}
    survivor = Incident.objects.filter(
        workspace=OuterRef("workspace"), number=OuterRef("merged_into")
    ).order_by("pk")
    for part in batched(sorted(incident_ids), BATCH, strict=False):
        losers = Incident.objects.filter(pk__in=part, merged_into__gt=0)
        pairs = losers.annotate(survivor=Subquery(survivor.values("pk")[:1]))
        found |= dict(pairs.values_list("pk", "survivor"))
    return found


def _next_after(verdict: VerdictOrder, verdicts: list[VerdictOrder]) -> VerdictOrder | None:
    """The first verdict on an incident that was given after this one."""
    return min((later for later in verdicts if later > verdict), default=None)


def _ids_on(incident_ids: Collection[int]) -> set[int]:
    links = VerdictIncident.objects.filter(incident__in=incident_ids)
    return set(links.values_list("verdict_id", flat=True))


def _verdicts_near(incident_ids: Collection[int]) -> dict[int, list[VerdictOrder]]:
    """The verdicts on every incident that shares one with these, those undone left out. One step
    after the other: right after thousands of new rows PostgreSQL guesses badly how to join them.
    """
    shared = {verdict.pk for _, verdict in _links_of("incident", incident_ids)}
    reached = {incident for incident, _ in _links_of("verdict", shared)}
    found: dict[int, list[VerdictOrder]] = defaultdict(list)
    for incident, verdict in _links_of("incident", reached):
        found[incident].append(verdict)
    return found


def _links_of(side: str, ids: Collection[int]) -> Iterator[tuple[int, VerdictOrder]]:
    """What links incidents to verdicts that were not undone, of these on one side."""
    links = VerdictIncident.objects.filter(verdict__withdrawn_at=None)
    for part in batched(sorted(ids), BATCH, strict=False):
        rows = links.filter(**{f"{side}__in": part}).values_list(
            "incident_id", "verdict__given_at", "verdict_id", "verdict__kind"
        )
        yield from ((incident, VerdictOrder(at, pk, verdict)) for incident, at, pk, verdict in rows)


def _write(successors: dict[int, int | None]) -> set[int]:
    """Store by which verdict each is superseded; returns those whose standing changed."""
    rows = Verdict.objects.filter(pk__in=successors).order_by("pk")
    stored = dict(rows.select_for_update(of=("self",)).values_list("pk", "superseded_by"))
    changed = {pk for pk, other in successors.items() if stored[pk] != other}
    by_successor: dict[int | None, list[int]] = defaultdict(list)
    for pk in changed:
        by_successor[successors[pk]].append(pk)
    for other, pks in by_successor.items():
        Verdict.objects.filter(pk__in=pks).update(superseded_by=other)
    return changed


def recount_patterns(patterns: Collection[UUID]) -> None:
    """Recount the memory of these patterns: a verdict is one trial, the newest is the latest."""
    if not patterns:
        return
    lock_pattern_memory(patterns)
    in_force = verdicts_in_force().filter(incidents__pattern__in=patterns)
    by_pattern = in_force.annotate(pattern=F("incidents__pattern"))
    counts: dict[UUID, dict[str, int]] = defaultdict(dict)
    rows = by_pattern.values_list("pattern", "kind").annotate(n=Count("pk", distinct=True))
    for pattern, verdict, n in rows.order_by():
        counts[pattern][verdict] = n
    newest = by_pattern.select_related("by").order_by("pattern", "-given_at", "-pk")
    latest = {row.pattern: latest_verdict_of(row) for row in newest.distinct("pattern")}
    set_pattern_verdicts(
        {
            pattern: PatternVerdicts(counts.get(pattern, {}), latest.get(pattern))
            for pattern in patterns
        }
    )


def patterns_of(verdict_ids: Collection[int]) -> set[UUID]:
    """Return the patterns of the incidents that these verdicts cover."""
    incidents = Incident.objects.filter(verdicts__in=verdict_ids).order_by()
    return {incident for incident in incidents.values_list("pattern", flat=True) if incident}


def latest_verdict_of(verdict: Verdict) -> LatestVerdict:
    """Return a verdict as its pattern remembers it: with the note, or the words of the cause."""
    return LatestVerdict(
        verdict.kind,
        verdict.by.name,
        verdict.given_at,
        verdict.note or cause_words(verdict.cause),
    )


def restore_ot_state(
    incident_ids: Collection[int], *, now: datetime, rank_too: Collection[int] = ()
) -> None:
    """Set the OT state of incidents to what their questions and verdicts come to."""
    newest: dict[int, tuple[datetime, OtStateAndDueDate]] = {}
    waiting = AskedIncident.objects.filter(
        incident__in=incident_ids, answer=None, question__state=Question.State.WAITING
    )
    for incident, asked_at, due_at in waiting.order_by(
        "question__asked_at", "question"
    ).values_list("incident", "question__asked_at", "question__due_at"):
        newest[incident] = (asked_at, (OtState.WAITING, due_at))
    on_incident: dict[int, list[VerdictOrder]] = defaultdict(list)
    verdicts = verdicts_in_force().filter(incidents__in=incident_ids)
    rows = verdicts.values_list("incidents", "given_at", "pk", "kind")
    for incident, at, pk, verdict in rows:
        on_incident[incident].append(VerdictOrder(at, pk, verdict))
    for incident, (at, _, verdict) in verdicts_that_hold(on_incident).items():
        if incident not in newest or newest[incident][0] <= at:
            newest[incident] = (at, (OtState(verdict), None))
    by_state: dict[OtStateAndDueDate, list[int]] = defaultdict(list)
    for pk in incident_ids:
        state = newest[pk][1] if pk in newest else (OtState.NOT_ASKED, None)
        by_state[state].append(pk)
    set_ot_states(standings=by_state, now=now, rank_too=rank_too)
