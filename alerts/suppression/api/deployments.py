"""Deployments: what should be in Sentinel and what does, one row a rule and workspace."""

from datetime import datetime
from typing import Any

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    IntegerField,
    UUIDField,
)

from alerts.outbox.models import Landing, RuleKind, WantedRule
from alerts.rules.sentinel_forms import lease_of
from alerts.suppression.deploying.deployments import (
    GATE_STANDINGS,
    RULE_STANDINGS,
    STANDING,
    deployment_fix,
    deployments_visible_to,
    is_deployed_everywhere,
)
from alerts.suppression.queries import rules_visible_to
from portal.api.fields import QueryChoices, QueryText
from portal.api.listing import ListFilter, Listing, ListRow, Order, Own
from portal.api.views import Resource


def _lease(landed: dict[str, Any] | None) -> datetime | None:
    return lease_of(landed) if landed else None


KINDS = (RuleKind.RULE.value, RuleKind.GATE.value)
STANDINGS = (*RULE_STANDINGS, *GATE_STANDINGS)


class DeploymentSerializer(ListRow):
    """Automation rules of ours, one row for each rule and workspace and one for each workspace's
    gate, latest wish first.
    """

    id = IntegerField(source="pk", help_text="of the row")
    kind = ChoiceField(KINDS, help_text="a rule, or the gate that stops all rules of a workspace")
    workspace = CharField(source="workspace.name", help_text="name of the workspace")
    name = UUIDField(help_text="the automation rule's own id in Sentinel")
    label = CharField(help_text="R-12, or gate")  # type: ignore[assignment]  # a member
    rule = UUIDField(allow_null=True, help_text="which rule, where you may see it")
    standing = ChoiceField(
        STANDINGS,
        help_text="of a rule: there (exactly as wanted), gone (not wanted, not there), coming, "
        "going, refused, held (changed by hand), orphaned (Azure no longer has the workspace). "
        "Of a gate: closed (lets rules act), open (stops them), opening, closing, refused, held",
    )
    is_wanted = BooleanField(help_text="whether it should be there")
    is_in_sentinel = BooleanField(help_text="whether it was last seen there, in whatever version")
    wanted_version = IntegerField(help_text="what is wanted")
    landed_version = IntegerField(help_text="what Sentinel has taken")
    stands_everywhere = BooleanField(
        allow_null=True,
        help_text="of a rule: whether each workspace holds exactly what is wanted of it. One "
        "that refused makes it false in every row",
    )
    wanted_at = DateTimeField(help_text="since when it is wanted so")
    landed_at = DateTimeField(allow_null=True, help_text="when Sentinel took it")
    lease_until = DateTimeField(
        allow_null=True, source="landed", help_text="until when it acts without Tagout"
    )
    next_try_at = DateTimeField(
        allow_null=True, help_text="when it is sent next; null where nothing is owed"
    )
    reason = CharField(help_text="why it is wanted, or wanted away")
    error = CharField(
        source="latest_error", help_text="what went wrong, in Azure's own words; else empty"
    )
    error_code = CharField(help_text="Azure's own code of it")
    fix = CharField(help_text="what a person can do about it")
    note = CharField(help_text="what to know although it is there")


DEPLOYMENTS = Listing(
    DeploymentSerializer,
    Order("wanted_at"),
    filters=(
        ListFilter("workspace", QueryText(), "name of one workspace", "workspace__name"),
        ListFilter("rule", UUIDField(), "of one rule", lambda it: Q(about=it, kind=RuleKind.RULE)),
        ListFilter("kind", QueryChoices(KINDS), "one or several", "kind__in"),
        ListFilter("standing", QueryChoices(STANDINGS), "one or several", "current_standing__in"),
    ),
    sources={
        "is_wanted": Case(When(wanted__isnull=False, then=Value(True)), default=Value(False)),
        "is_in_sentinel": Case(When(landed__isnull=False, then=Value(True)), default=Value(False)),
        "next_try_at": Case(When(outcome=Landing.PENDING, then=F("due_at"))),
        "fix": JSONObject(error="latest_error", code="error_code", outcome="outcome"),
    },
    reads={
        "lease_until": _lease,
        "fix": lambda error: deployment_fix(**error),
    },
)


class DeploymentViewSet(Resource):
    """What should be in Sentinel, and what does."""

    tag = "deployments"
    title = gettext_lazy("Deployments")
    listing = DEPLOYMENTS

    def rows(self) -> QuerySet[WantedRule]:
        """In the person's workspaces, or of rules that the person may see."""
        return deployments_visible_to(self.person).annotate(current_standing=STANDING)

    def own(self) -> Own:
        """The rule where this person may see it, and its state."""
        visible_rules = rules_visible_to(self.person).filter(uuid=OuterRef("about")).order_by()
        everywhere = is_deployed_everywhere("about")
        return Own(
            sources={
                "standing": F("current_standing"),
                "rule": Case(
                    When(kind=RuleKind.RULE, then=Subquery(visible_rules.values("uuid")[:1]))
                ),
                "stands_everywhere": Case(When(kind=RuleKind.RULE, then=everywhere)),
            }
        )

    def workspace_of(self, row: WantedRule) -> str:
        """Where it stands."""
        return row.workspace.name
