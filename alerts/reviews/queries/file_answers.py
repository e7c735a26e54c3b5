"""The answers of a file of verdicts about one site, one by one, beside what else is known of their
incidents: what a lead of OT looks through and confirms.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident, IncidentStatus, TimelineItem
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import Verdict, VerdictFile, VerdictIncident, VerdictKind
from alerts.reviews.queries.questions import verdicts_in_force
from alerts.reviews.queries.second_opinions import without_hidden
from alerts.reviews.queries.verdict_files import verdicts_of_file_at
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import identity_of

HARMLESS = (VerdictKind.ROUTINE, VerdictKind.MAINTENANCE)
_FOUND_HARMLESS = ("BenignPositive", "FalsePositive")


class Contradiction(StrEnum):
    """What is known of an incident and disagrees with an answer of a file."""

    TRUE_POSITIVE = "true-positive"
    REOPENED = "reopened"
    SUSPICIOUS = "suspicious"  # somebody else's answer
    HARMLESS = "harmless"  # somebody else's answer
    CLOSED_AS_HARMLESS = "closed-as-harmless"


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """One answer of a file about a site."""

    verdict: Verdict
    incidents: Sequence[Incident]  # that touch the site
    contradictions: Sequence[Contradiction]
    is_own: bool  # of the person who looks at it
    other_site_ids: frozenset[int]  # whose leads have to confirm it, too
    is_disputed: bool  # something disagrees about each of its incidents

    @property
    def counts(self) -> bool:
        """Whether a trial counts it once it is confirmed."""
        is_harmless = self.verdict.kind in HARMLESS
        return is_harmless and not self.is_disputed and not self.is_own


def answers_of_file(file: VerdictFile, site: Site, *, user: User) -> list[FileAnswer]:
    """Return what is in force of a file about a site, as this person may see it: what disagrees
    with something else first, then the latest.
    """
    rows = without_hidden(user, verdicts_of_file_at(file, site)).select_related("by")
    verdicts = list(rows.order_by("-given_at", "-pk"))
    incidents: dict[int, list[Incident]] = defaultdict(list)
    visible = incidents_visible_to(user).filter(site_ids__contains=[site.pk])
    by_pk = {row.pk: row for row in visible.filter(verdicts__in=verdicts).distinct()}
    links = VerdictIncident.objects.filter(verdict__in=verdicts, incident__in=by_pk)
    for verdict, incident in links.order_by("incident").values_list("verdict", "incident"):
        incidents[verdict].append(by_pk[incident])
    others = _verdicts_on(by_pk, user)
    reopened = set(
        TimelineItem.objects.filter(incident__in=by_pk, code="reopened")
        .order_by()
        .values_list("incident", flat=True)
    )
    found = [
        FileAnswer(
            verdict,
            incidents[verdict.pk],
            sorted(_contradictions(verdict, incidents[verdict.pk], others, reopened)),
            is_own=identity_of(verdict.by) == identity_of(user),
            other_site_ids=frozenset(
                pk for row in incidents[verdict.pk] for pk in row.site_ids if pk != site.pk
            ),
            is_disputed=bool(incidents[verdict.pk])
            and all(
                _contradictions(verdict, [row], others, reopened) for row in incidents[verdict.pk]
            ),
        )
        for verdict in verdicts
    ]
    return sorted(found, key=lambda answer: not answer.contradictions)


def hidden_answers(file: VerdictFile, site: Site, *, user: User) -> int:
    """Return how many answers of it are hidden from a person who is asked for a second opinion."""
    hidden = hidden_from(user)
    if not hidden:
        return 0
    return verdicts_of_file_at(file, site).filter(pk__in=hidden.verdict_ids).count()


def answers_digest(answers: Iterable[FileAnswer]) -> str:
    """Return a short name of what these answers are and do, whatever their order."""
    lines = sorted(
        " ".join(
            map(
                str,
                (
                    *(answer.verdict.pk, answer.verdict.kind, answer.verdict.cause),
                    *(answer.verdict.by_id, answer.verdict.given_at.timestamp(), answer.is_own),
                    *(row.pk for row in answer.incidents),
                    *sorted(answer.other_site_ids),
                    *answer.contradictions,
                ),
            )
        )
        for answer in answers
    )
    return sha256("\n".join(lines).encode()).hexdigest()


def _verdicts_on(
    incident_ids: Iterable[int], user: User
) -> Mapping[int, Sequence[tuple[int, str]]]:
    """By incident, the verdicts in force that this person may see, each with its kind."""
    links = VerdictIncident.objects.filter(
        incident__in=incident_ids,
        verdict__in=without_hidden(user, verdicts_in_force()).order_by().values("pk"),
    )
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for incident, verdict, kind in links.values_list("incident", "verdict", "verdict__kind"):
        found[incident].append((verdict, kind))
    return found


def _contradictions(
    verdict: Verdict,
    incidents: Iterable[Incident],
    others: Mapping[int, Sequence[tuple[int, str]]],
    reopened: set[int],
) -> set[Contradiction]:
    found = set()
    for row in incidents:
        kinds = {kind for pk, kind in others.get(row.pk, ()) if pk != verdict.pk}
        if verdict.kind in HARMLESS:
            if row.classification == "TruePositive":
                found.add(Contradiction.TRUE_POSITIVE)
            if row.pk in reopened:
                found.add(Contradiction.REOPENED)
            if VerdictKind.SUSPICIOUS in kinds:
                found.add(Contradiction.SUSPICIOUS)
        elif verdict.kind == VerdictKind.SUSPICIOUS:
            if not kinds.isdisjoint(HARMLESS):
                found.add(Contradiction.HARMLESS)
            is_closed = row.status == IncidentStatus.CLOSED
            if is_closed and row.classification in _FOUND_HARMLESS:
                found.add(Contradiction.CLOSED_AS_HARMLESS)
    return found
