"""Which incidents a person saw and found harmless: what a trial may count."""

from collections.abc import Collection
from typing import Final

from alerts.incidents.models import STANDING_CLOSE, Incident, TimelineItem
from alerts.reviews.models import Annotation, Verdict
from alerts.reviews.queries import annotations_in_force
from alerts.suppression.watching.flood import without_flood

HARMLESS: Final = (Verdict.ROUTINE, Verdict.MAINTENANCE)
BENIGN: Final = "BenignPositive"


def harmless_looks(incident_ids: Collection[int]) -> dict[int, str]:
    """Return, of these incidents, those that a person saw and found harmless, and by which look:
    one verdict of OT, or one closing by the SOC. Whoever counts them counts looks, because one tap
    is one trial however many incidents it covers. What somebody called suspicious, what turned out
    a true positive and what was opened again is not among them.
    """
    looks = _closings_of(incident_ids) | _verdicts_on(incident_ids)
    for incident in _doubted_among(looks):
        del looks[incident]
    return looks


def _verdicts_on(incident_ids: Collection[int]) -> dict[int, str]:
    """By incident, the first verdict of OT in force that calls it harmless. What a file told was
    brought by one hand, which has not seen the incidents.
    """
    given = without_flood(annotations_in_force().filter(verdict__in=HARMLESS, imported_at=None))
    links = Annotation.incidents.through.objects.filter(
        incident__in=incident_ids, annotation__in=given.values("pk")
    )
    found: dict[int, str] = {}
    for incident, annotation in links.order_by("annotation").values_list("incident", "annotation"):
        found.setdefault(incident, f"verdict {annotation}")
    return found


def _closings_of(incident_ids: Collection[int]) -> dict[int, str]:
    """By incident, the act by which a person closed it as benign: in Tagout, or in Sentinel where
    somebody had taken it. What rules of ours close, and what nobody owned, no person has seen.
    """
    closed = Incident.objects.filter(
        STANDING_CLOSE, pk__in=incident_ids, classification=BENIGN, closed_by=""
    )
    owners = {
        pk: bool(owner or name)
        for pk, owner, name in closed.values_list("pk", "owner_id", "owner_name")
    }
    acts: dict[int, str] = {}
    closings = TimelineItem.objects.filter(incident__in=owners, code="closed", by__isnull=False)
    for incident, act, pk in closings.order_by("at").values_list("incident", "act", "pk"):
        acts[incident] = f"closing {act or pk}"
    taken = {pk: f"closing of {pk}" for pk, is_owned in owners.items() if is_owned}
    return taken | acts


def _doubted_among(incident_ids: Collection[int]) -> set[int]:
    """Those that were called suspicious, turned out a true positive, or were opened again."""
    ids = list(incident_ids)
    suspicious = annotations_in_force().filter(verdict=Verdict.SUSPICIOUS, incidents__in=ids)
    found = set(suspicious.values_list("incidents", flat=True))
    found |= set(
        Incident.objects.filter(pk__in=ids, classification="TruePositive").values_list(
            "pk", flat=True
        )
    )
    reopened = TimelineItem.objects.filter(incident__in=ids, code="reopened")
    return (found | set(reopened.values_list("incident", flat=True))) & set(ids)
