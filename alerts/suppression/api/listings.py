"""What lists of rules and of what belongs to a rule offer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.fields.json import KT
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    IntegerField,
    ListField,
    Serializer,
    UUIDField,
)

from alerts.reviews.models import VerdictKind
from alerts.rules.rule import ENFORCEMENTS
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.models import VersionState
from alerts.suppression.models.rules import SIDES
from portal.api.fields import QueryChoices, QueryMoment, QueryNumber, QueryText
from portal.api.listing import ListFilter, Listing, ListRow, Order


class SignatureSerializer(Serializer[Any]):
    """One side's word."""

    side = ChoiceField(SIDES)
    by = CharField()
    signed_at = DateTimeField()
    hash = CharField()
    note = CharField()
    checked_evidence = BooleanField()
    void_at = DateTimeField(allow_null=True)


class VersionStateSerializer(Serializer[Any]):
    """Where one version of a rule stands."""

    version = IntegerField()
    state = ChoiceField(VersionState.values)
    state_since = DateTimeField()
    hash = CharField()


def _site(name: str) -> Q:
    return Q(site_ids__overlap=list(Site.objects.filter(name=name).values_list("pk", flat=True)))


def _workspace(name: str) -> Q:
    found = Workspace.objects.filter(name=name).values_list("pk", flat=True)
    return Q(workspace_ids__overlap=list(found))


def _moments(rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Moments that the database has put into JSON, as all others are spelled."""
    return [
        {
            name: datetime.fromisoformat(value)
            if value is not None and name.endswith(("_at", "_since"))
            else value
            for name, value in row.items()
        }
        for row in rows
    ]


class VersionFields(ListRow):
    """What rules and their versions tell alike."""

    version = IntegerField(source="number", help_text="number of the version that speaks for it")
    title = CharField(help_text="one line")
    state = ChoiceField(VersionState.values, help_text="where that version stands in its life")
    state_since = DateTimeField(help_text="since when")
    needs_approval = BooleanField(
        help_text="it stopped by itself: only a newly signed version goes on"
    )
    enforcement = ChoiceField(ENFORCEMENTS, help_text="who carries it out")
    sites = ListField(
        child=CharField(), source="site_ids", help_text="names of the sites that it reaches"
    )
    workspaces = ListField(
        child=CharField(),
        source="workspace_ids",
        help_text="names of the workspaces that it reaches",
    )
    owner_ot = CharField(allow_null=True, help_text="address of the owner of OT")
    owner_soc = CharField(allow_null=True, help_text="address of the owner of the SOC")
    expires_at = DateTimeField(allow_null=True, help_text="when it ends")
    hash = CharField(
        source="rule_hash",
        help_text="SHA-256 of the canonical rule, that signatures are bound to; empty for a draft",
    )
    revision = IntegerField(help_text="of a draft: give it with `edit/`")
    made_by = CharField(source="made_by.name", help_text="who wrote that version")
    made_at = DateTimeField(help_text="when")
    proposed_by = CharField(
        allow_null=True, source="proposed_by.name", help_text="who asked for signatures"
    )
    proposed_at = DateTimeField(allow_null=True, help_text="when")
    rule = DictField(
        source="body", help_text="what it says, in canonical JSON: lines, owners, evidence, end"
    )
    forms = DictField(help_text="hashes of its trial and its live form in Sentinel, by workspace")
    signatures = SignatureSerializer(many=True, help_text="the word of each side; void ones too")

    class Meta:
        wide: tuple[str, ...] = ("rule", "forms", "signatures")


# Owners stand in the body of a version.
_SOURCES = {"owner_ot": KT("body__owner_ot"), "owner_soc": KT("body__owner_soc")}


class RuleSerializer(VersionFields):
    """Suppression rules, latest change of state first. One version speaks for each: what acts, else
    what is paused or in work, else the newest.
    """

    id = UUIDField(source="rule.uuid", help_text="of the rule")
    number = IntegerField(source="rule.number", help_text="12 for R-12")
    in_work = IntegerField(
        allow_null=True,
        help_text="number of the version that somebody is making or that waits for signatures; "
        "see `versions/`",
    )
    stands_everywhere = BooleanField(
        allow_null=True,
        help_text="whether each workspace holds exactly what is wanted of it; null where "
        "Sentinel is to hold nothing",
    )
    versions = VersionStateSerializer(many=True, help_text="all its versions")

    class Meta(VersionFields.Meta):
        wide = (*VersionFields.Meta.wide, "versions")


RULES = Listing(
    RuleSerializer,
    Order("state_since", field=QueryMoment()),
    filters=(
        ListFilter("state", QueryChoices(VersionState.values), "one or several", "state__in"),
        ListFilter("site", QueryText(), "name of a site that it reaches", _site),
        ListFilter("workspace", QueryText(), "name of a workspace that it reaches", _workspace),
        ListFilter("enforcement", QueryChoices(ENFORCEMENTS), "one or several", "enforcement__in"),
        ListFilter("number", QueryNumber(), "12 for R-12", "rule__number"),
    ),
    sources=_SOURCES,
    reads={"signatures": _moments, "versions": _moments},
)


class RuleVersionSerializer(VersionFields):
    """All versions of the rule, the newest first."""

    id = UUIDField(source="uuid", help_text="of the version")


VERSIONS = Listing(
    RuleVersionSerializer,
    Order("made_at"),
    filters=(
        ListFilter("state", QueryChoices(VersionState.values), "one or several", "state__in"),
    ),
    sources=_SOURCES,
    reads={"signatures": _moments},
)


class RuleEvidenceSerializer(ListRow):
    """Verdicts of OT that the rule rests on, latest first."""

    id = UUIDField(source="uuid", help_text="of the annotation")
    verdict = ChoiceField(VerdictKind.values, source="kind", help_text="OT's word")
    cause = CharField(help_text="id of the reason")
    note = CharField(help_text="in their own words")
    by = CharField(source="by.name", help_text="who gave it")
    given_at = DateTimeField(help_text="when")
    withdrawn_at = DateTimeField(
        allow_null=True, help_text="when it was taken back: then it counts no more"
    )
    superseded_by = UUIDField(
        allow_null=True, source="superseded_by.uuid", help_text="the later verdict"
    )
    incidents = ListField(child=IntegerField(), help_text="ids of its incidents that you may see")

    class Meta:
        wide = ("incidents",)


EVIDENCE = Listing(
    RuleEvidenceSerializer,
    Order("given_at"),
)


class RuleStepSerializer(ListRow):
    """Steps in the life of the rule's versions, latest first."""

    version = IntegerField(source="version.number", help_text="of which version")
    from_state = CharField(help_text="empty for the first")
    to_state = ChoiceField(VersionState.values, help_text="where it went")
    at = DateTimeField(help_text="when")
    by = CharField(source="by_label", help_text="who, or what did it by itself")
    reason = CharField(help_text="why")
    in_sentinel = CharField(help_text="what it did there")


STEPS = Listing(
    RuleStepSerializer,
    Order("at"),
)
