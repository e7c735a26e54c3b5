"""Deployments: what should stand in Sentinel and what does, one row a rule and workspace."""

from datetime import datetime
from typing import Any

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject

from alerts.outbox.models import Landing, RuleKind, WantedRule
from alerts.suppression.engine.sentinel_forms import lease_of
from alerts.suppression.queries import rules_visible_to
from alerts.suppression.reads.deployments import deployments_visible_to, fix_of
from alerts.suppression.reads.standing import (
    GATE_STANDINGS,
    RULE_STANDINGS,
    STANDING,
    stands_everywhere,
)
from portal.api.kinds import FLAG, ID, MOMENT, NUMBER, TEXT, one_of
from portal.api.listing import Column, Filter, Listing, Order, Own
from portal.api.views import Resource

KIND = one_of({kind: kind for kind in (RuleKind.RULE.value, RuleKind.GATE.value)})
STANDINGS = one_of({word: word for word in (*RULE_STANDINGS, *GATE_STANDINGS)})


def _lease(landed: dict[str, Any] | None) -> datetime | None:
    return lease_of(landed) if landed else None


DEPLOYMENTS = Listing(
    "Deployment",
    "Automation rules of ours, one row for each rule and workspace and one for each workspace's "
    "gate, latest wish first.",
    (
        Column("id", NUMBER, "of the row", "pk"),
        Column("kind", KIND, "a rule, or the gate that stops all rules of a workspace"),
        Column("workspace", TEXT, "name of the workspace", "workspace__name"),
        Column("name", ID, "the automation rule's own id in Sentinel"),
        Column("label", TEXT, "R-12, or gate"),
        Column("rule", ID.or_null(), "which rule, where you may see it"),
        Column("standing", STANDINGS, "of a rule: there (exactly as wanted), gone (not wanted, not "
               "there), coming, going, refused, held (changed by hand). Of a gate: closed (lets "
               "rules act), open (stops them), opening, closing, refused, held"),
        Column("is_wanted", FLAG, "whether it should be there", Case(
            When(wanted__isnull=False, then=Value(True)), default=Value(False))),
        Column("is_in_sentinel", FLAG, "whether it was last seen there, in whatever version", Case(
            When(landed__isnull=False, then=Value(True)), default=Value(False))),
        Column("wanted_version", NUMBER, "what is wanted"),
        Column("landed_version", NUMBER, "what Sentinel has taken"),
        Column("stands_everywhere", FLAG.or_null(), "of a rule: whether each workspace holds "
               "exactly what is wanted of it. One that refused makes it false in every row"),
        Column("wanted_at", MOMENT, "since when it is wanted so"),
        Column("landed_at", MOMENT.or_null(), "when Sentinel took it"),
        Column("lease_until", MOMENT.or_null(), "until when it acts without Tagout", "landed",
               read=_lease),
        Column("next_try_at", MOMENT.or_null(), "when it is sent next; null where nothing is owed",
               Case(When(outcome=Landing.OWED, then=F("due_at")))),
        Column("reason", TEXT, "why it is wanted, or wanted away"),
        Column("error", TEXT, "what went wrong, in Azure's own words; else empty", "latest_error"),
        Column("error_code", TEXT, "Azure's own code of it"),
        Column("fix", TEXT, "what a person can do about it", JSONObject(
            error="latest_error", code="error_code", outcome="outcome"),
            read=lambda told: fix_of(**told)),
        Column("note", TEXT, "what to know although it is there"),
    ),
    Order("wanted_at"),
    (
        Filter("workspace", TEXT, "name of one workspace", lambda name: Q(workspace__name=name)),
        Filter("rule", ID, "of one rule", lambda it: Q(about=it, kind=RuleKind.RULE)),
        Filter("kind", KIND, "one or several", lambda these: Q(kind__in=these)),
        Filter("standing", STANDINGS, "one or several", lambda these: Q(told__in=these)),
    ),
)  # fmt: skip


class DeploymentViewSet(Resource):
    """What should stand in Sentinel, and what does."""

    tag = "deployments"
    listing = DEPLOYMENTS

    def rows(self) -> QuerySet[WantedRule]:
        """In the person's workspaces, or of rules that the person may see."""
        return deployments_visible_to(self.person).annotate(told=STANDING)

    def own(self) -> Own:
        """The rule where this person may see it, and how it stands."""
        seen = rules_visible_to(self.person).filter(uuid=OuterRef("about")).order_by()
        everywhere = stands_everywhere("about")
        return Own(
            sources={
                "standing": F("told"),
                "rule": Case(When(kind=RuleKind.RULE, then=Subquery(seen.values("uuid")[:1]))),
                "stands_everywhere": Case(When(kind=RuleKind.RULE, then=everywhere)),
            }
        )

    def workspace_of(self, row: WantedRule) -> str:
        """Where it stands."""
        return row.workspace.name
