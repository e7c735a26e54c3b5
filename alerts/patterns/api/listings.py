"""What the list of patterns offers."""

from typing import Any

from django.db.models import Q
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    FloatField,
    IntegerField,
    ListField,
    Serializer,
    UUIDField,
)

from alerts.patterns.models import PatternState
from alerts.patterns.policies import obstacles_in_words
from portal.api.fields import QueryChoices, QueryFlag, QueryText
from portal.api.listing import ListFilter, Listing, ListRow, Order


class PatternTypeSerializer(Serializer[Any]):
    """Alerts of one type, and those judged harmless."""

    title = CharField()
    own_title = CharField()
    alerts = IntegerField()
    judged = IntegerField()


class OpenUnitSerializer(Serializer[Any]):
    """What nobody has judged yet."""

    kind = CharField()
    name = CharField()
    zone = CharField()
    alerts = IntegerField()


class WidthReasonSerializer(Serializer[Any]):
    """Why one part of a pattern is as wide as it is."""

    part = CharField()
    code = CharField()
    detail = DictField()


class PatternMemberSerializer(Serializer[Any]):
    """Alerts of one member of a side, and those judged harmless."""

    name = CharField()
    alerts = IntegerField()
    judged = IntegerField()


class PatternMembersSerializer(Serializer[Any]):
    """The members of both sides."""

    source = PatternMemberSerializer(many=True)  # type: ignore[assignment]  # a member
    destination = PatternMemberSerializer(many=True)


def _members(sides: dict[str, list[list[Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {
        side: [
            {"name": name, "alerts": alerts, "judged": judged}
            for name, alerts, judged in sides.get(side, [])
        ]
        for side in ("source", "destination")
    }


def _can(is_possible: bool) -> Q:
    return Q(obstacles=[]) if is_possible else ~Q(obstacles=[])


def _in_plan(is_step: bool) -> Q:
    return Q(plan_order__isnull=not is_step)


class PatternSerializer(ListRow):
    """Processes of the plants found in history, the one that saves most first: who does what to
    whom, and when. Figures are of the latest mining that found it.
    """

    id = UUIDField(source="uuid", help_text="of the pattern")
    title = CharField(help_text="of the rule that would say it")
    state = ChoiceField(PatternState.values, help_text="what people made of it")
    state_by = CharField(allow_null=True, source="state_by.name", help_text="who")
    state_at = DateTimeField(allow_null=True, help_text="when")
    state_reason = CharField(help_text="why it was rejected")
    snoozed_until = DateTimeField(allow_null=True, help_text="until when it is put off")
    rule = UUIDField(allow_null=True, source="rule.uuid", help_text="the rule that was made of it")
    workspace = CharField(source="workspace.name", help_text="name of the Sentinel workspace")
    site = CharField(allow_null=True, source="site.name", help_text="name of the site")
    alert_types = ListField(
        child=CharField(), help_text="Defender for IoT's names of what was detected"
    )
    alerts = IntegerField(help_text="how many there were")
    incidents = IntegerField(help_text="with at least one of its alerts")
    days_seen = IntegerField(help_text="on how many days")
    first_at = DateTimeField(help_text="the first of them")
    latest_at = DateTimeField(help_text="the latest of them")
    routine = IntegerField(help_text="verdicts")
    maintenance = IntegerField(help_text="verdicts")
    suspicious = IntegerField(help_text="verdicts")
    not_sure = IntegerField(help_text="verdicts")
    true_positives = IntegerField(help_text="incidents that were one")
    closings = IntegerField(help_text="incidents that the SOC closed as benign; no answer of OT")
    judged = IntegerField(help_text="verdicts that were sure of it")
    people = IntegerField(help_text="who judged it harmless")
    limit = FloatField(help_text="at most this share could be suspicious, at 95 %")
    judged_share = FloatField(help_text="of its alerts, where something was judged harmless")
    has_enough_evidence = BooleanField(help_text="whether a rule may be proposed on these verdicts")
    cause = CharField(help_text="id of the most frequent reason")
    minutes_month = FloatField(
        allow_null=True,
        help_text="of work that a rule would save; null where too few closings were measured",
    )
    plan_order = IntegerField(
        allow_null=True, help_text="its step in the plan of its site; null: not in it"
    )
    plan_gain = IntegerField(help_text="incidents of the period that only this step adds")
    plan_share = FloatField(
        help_text="of the site's incidents that no longer reach the SOC with all steps up to it"
    )
    obstacles = ListField(child=CharField(), help_text="why it cannot become a rule as it stands")
    mined_at = DateTimeField(help_text="when it was last found")
    pattern = DictField(
        source="definition",
        help_text="what it says: types, sides with their rung and members, protocols, functions, "
        "hours, exceptions",
    )
    reasons = WidthReasonSerializer(many=True, help_text="why it is this wide")
    types = PatternTypeSerializer(
        many=True, source="type_figures", help_text="alerts and harmless verdicts by type"
    )
    members = PatternMembersSerializer(
        source="member_figures", help_text="alerts and harmless verdicts by member"
    )
    open_units = OpenUnitSerializer(
        many=True, help_text="what nobody has judged yet, the largest first"
    )
    rhythm = ListField(
        child=IntegerField(),
        help_text="alerts in each hour of the week on the plant's clock, Monday 00 first",
    )

    class Meta:
        wide = (
            "pattern",
            "reasons",
            "types",
            "members",
            "open_units",
            "rhythm",
        )


PATTERNS = Listing(
    PatternSerializer,
    Order("rank", field=FloatField()),
    filters=(
        ListFilter("state", QueryChoices(PatternState.values), "one or several", "state__in"),
        ListFilter("site", QueryText(), "name of one site", "site__name"),
        ListFilter("workspace", QueryText(), "name of one workspace", "workspace__name"),
        ListFilter(
            "alert_type", QueryText(), "of one type", lambda name: Q(alert_types__contains=[name])
        ),
        ListFilter("can_become_rule", QueryFlag(), "nothing holds against that", _can),
        ListFilter("in_plan", QueryFlag(), "it is a step of the plan of its site", _in_plan),
    ),
    reads={
        "obstacles": obstacles_in_words,
        "members": _members,
    },
)
