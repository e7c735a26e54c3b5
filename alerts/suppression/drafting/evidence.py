"""Verdicts that a rule may rest on: those chosen, and others about alerts that it matches."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from alerts.reviews.models import Annotation, Verdict
from alerts.reviews.queries import evidence_in_force, without_hidden
from alerts.suppression.backtesting.fact_rows import ask
from alerts.suppression.engine import sql
from alerts.suppression.engine.rule import Rule, reasons_against_rule
from portal.accounts.models import User

MAX_EVIDENCE: Final = 60
MAX_ABOUT: Final = 500
BENIGN: Final = (Verdict.ROUTINE, Verdict.MAINTENANCE)


@dataclass(frozen=True, slots=True)
class Offered:
    """A verdict, and whether the rule names it."""

    annotation: Annotation
    is_chosen: bool


def evidence_offered(said: Rule | None, chosen: Collection[str], *, reader: User) -> list[Offered]:
    """Chosen verdicts first, then those in force about what the rule matches, newest first; without
    what is hidden from the reader.
    """
    held = without_hidden(reader, evidence_in_force()).filter(verdict__in=BENIGN)
    held = held.order_by("-given_at", "-pk")
    about = _about(said) if said and not reasons_against_rule(said) else []
    fitting = (
        held.filter(pk__in=about).select_related("by").prefetch_related("incidents")[:MAX_EVIDENCE]
    )
    named = without_hidden(reader, Annotation.objects.filter(uuid__in=chosen)).select_related("by")
    picked = list(named.prefetch_related("incidents").order_by("-given_at", "-pk"))
    known = {each.pk for each in picked}
    others = [each for each in fitting if each.pk not in known]
    return [Offered(each, True) for each in picked] + [Offered(each, False) for each in others]


def _about(said: Rule) -> list[int]:
    """The few verdicts are asked which of their alerts the rule matches; those given last count."""
    piece = sql.where(said)
    found = ask(
        "SELECT n.annotation_id FROM reviews_annotation_alerts n"
        " JOIN reviews_annotation v ON v.id = n.annotation_id"
        f" JOIN incidents_alert a ON a.id = n.alert_id WHERE {piece.text}"
        " GROUP BY n.annotation_id, v.given_at"
        f" ORDER BY v.given_at DESC, n.annotation_id DESC LIMIT {MAX_ABOUT}",
        piece.params,
    )
    return [row[0] for row in found]
