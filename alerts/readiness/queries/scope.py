"""Which incidents of a workspace are taken in, and what stays outside: from rows of intake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Min, Sum

from alerts.intake.models import LogBackfill, OutsideCount
from alerts.sentinel.models import Workspace


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """Incidents that stay outside for one reason. The months are those in which they were created;
    None where Sentinel states none.
    """

    products: str
    reason: str
    first_month: date | None
    last_month: date | None
    n: int


@dataclass(frozen=True, slots=True)
class ScopeFacts:
    """The scope of a workspace, how many of its analytics rules read alerts of Defender for IoT, of
    how many that are known, and what stays outside; `left_in_logs` of the past in Log Analytics.
    """

    kind: str
    iot_rules: int
    rules: int
    outside: Sequence[OutsideRow]
    total: int
    left_in_logs: int


def scope_facts(workspace: Workspace) -> ScopeFacts:
    """Return what is taken in of a workspace, and what is not."""
    counts = OutsideCount.objects.filter(workspace=workspace).values_list("products", "reason")
    rows = [
        OutsideRow(*row)
        for row in counts.annotate(first=Min("month"), last=Max("month"), all=Sum("n")).order_by(
            "-all", "products", "reason"
        )
    ]
    backfills = LogBackfill.objects.filter(pk=workspace.pk).values_list("out_of_scope", flat=True)
    return ScopeFacts(
        kind=workspace.ot_scope,
        iot_rules=len(workspace.iot_rules),
        rules=len(workspace.iot_rules) + len(workspace.other_rules),
        outside=rows,
        total=sum(row.n for row in rows),
        left_in_logs=backfills.first() or 0,
    )
