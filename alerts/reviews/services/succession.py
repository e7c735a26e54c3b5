"""Which verdict holds for which incident, told from when each was given."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import batched
from typing import NamedTuple

from alerts.reviews.models import Annotation

BATCH = 10_000  # ids in one query


class Given(NamedTuple):
    """A verdict in the order of verdicts: by when it was given, then by its id."""

    at: datetime
    pk: int


class Succession(NamedTuple):
    """What came of bringing verdicts into their order."""

    holding: dict[int, int]  # incident → the verdict that holds for it
    changed: set[int]  # verdicts that hold again, or hold no more


def settle_succession(incident_ids: Collection[int]) -> Succession:
    """Bring the verdicts on these incidents into the order in which they were given. One that is
    the newest on no incident is superseded, by the verdict that covered the last of them. The
    result depends on which verdicts there are, not on the order in which they arrived.
    """
    on_incident = _verdicts_near(incident_ids)
    covers: dict[Given, list[int]] = defaultdict(list)
    for incident, verdicts in on_incident.items():
        for verdict in verdicts:
            covers[verdict].append(incident)
    successors: dict[int, int | None] = {}
    for verdict, incidents in covers.items():
        following = [_next_after(verdict, on_incident[each]) for each in incidents]
        overtaken = [each for each in following if each is not None]
        is_superseded = len(overtaken) == len(following)
        successors[verdict.pk] = max(overtaken).pk if is_superseded else None
    # Verdicts that share no incident with these are in `covers` only in part: left alone.
    ours = _ids_on(incident_ids)
    changed = _write({pk: other for pk, other in successors.items() if pk in ours})
    holding = {each: max(on_incident[each]).pk for each in incident_ids if each in on_incident}
    return Succession(holding, changed)


def _next_after(verdict: Given, verdicts: list[Given]) -> Given | None:
    """The first verdict on an incident that was given after this one."""
    return min((each for each in verdicts if each > verdict), default=None)


def _ids_on(incident_ids: Collection[int]) -> set[int]:
    links = Annotation.incidents.through.objects.filter(incident__in=incident_ids)
    return set(links.values_list("annotation_id", flat=True))


def _verdicts_near(incident_ids: Collection[int]) -> dict[int, list[Given]]:
    """The verdicts on every incident that shares one with these, those undone left out. One step
    after the other: right after thousands of new rows PostgreSQL guesses badly how to join them.
    """
    shared = {verdict for _, verdict, _ in _links_of("incident", incident_ids)}
    reached = {incident for incident, _, _ in _links_of("annotation", shared)}
    found: dict[int, list[Given]] = defaultdict(list)
    for incident, verdict, at in _links_of("incident", reached):
        found[incident].append(Given(at, verdict))
    return found


def _links_of(side: str, ids: Collection[int]) -> Iterator[tuple[int, int, datetime]]:
    """What links incidents to verdicts that were not undone, of these on one side: incident,
    verdict, and when that was given.
    """
    links = Annotation.incidents.through.objects.filter(annotation__withdrawn_at=None)
    for part in batched(sorted(ids), BATCH, strict=False):
        yield from links.filter(**{f"{side}__in": part}).values_list(
            "incident_id", "annotation_id", "annotation__given_at"
        )


def _write(successors: dict[int, int | None]) -> set[int]:
    """Store by which verdict each is superseded; returns those whose standing changed."""
    rows = Annotation.objects.filter(pk__in=successors).order_by("pk")
    stored = dict(rows.select_for_update(of=("self",)).values_list("pk", "superseded_by"))
    changed = {pk for pk, other in successors.items() if stored[pk] != other}
    by_successor: dict[int | None, list[int]] = defaultdict(list)
    for pk in changed:
        by_successor[successors[pk]].append(pk)
    for other, pks in by_successor.items():
        Annotation.objects.filter(pk__in=pks).update(superseded_by=other)
    return changed
