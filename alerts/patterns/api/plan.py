"""The noise plan over REST: one row a site, with its curve and its questions."""

from typing import Any

from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    FloatField,
    IntegerField,
    Serializer,
    UUIDField,
)

from alerts.patterns.queries.plan import site_plans_for
from alerts.patterns.queries.plan_facts import facts_of_plan
from alerts.patterns.queries.questions import questions_at
from portal.accounts.rights import READING_ROLES
from portal.api.fields import QueryText
from portal.api.views import Api, facts_alone

STEP_STATES = ("live", "trial", "soc", "ot", "draft", "ready", "evidence")


class PlanStepSerializer(Serializer[Any]):
    """A rule to sign, in the order of what each adds."""

    order = IntegerField()
    pattern = UUIDField(help_text="the pattern that the rule is about")
    title = CharField()
    state = ChoiceField(
        STEP_STATES, help_text="whose turn it is; `ready` may be proposed, `evidence` lacks some"
    )
    rule = CharField(allow_null=True, help_text="the rule that was made of it")
    gain = IntegerField(help_text="incidents that it adds to those before it and to what acts")
    gain_share = FloatField()
    share = FloatField(help_text="of the incidents that no longer reach the SOC after it")
    judged = IntegerField()
    suspicious = IntegerField()
    limit = FloatField(help_text="at most this share could be suspicious, at 95 %")
    is_little = BooleanField(help_text="little evidence: the SOC's signer writes why it is enough")
    answers_needed = IntegerField()


class PlanQuestionSerializer(Serializer[Any]):
    """An incident that OT should be asked about."""

    incident = IntegerField()
    number = IntegerField(allow_null=True)
    pattern = UUIDField()
    about = CharField()
    for_trial = BooleanField(
        help_text="the rule has enough evidence; its trial would count the answer"
    )


class SitePlanSerializer(Serializer[Any]):
    """The plan of one site."""

    site = CharField()
    site_id = UUIDField()
    counted_at = DateTimeField()
    days = IntegerField()
    incidents = IntegerField()
    judged = IntegerField()
    suspicious = IntegerField()
    share_acting = FloatField(help_text="taken off the SOC by the rules that act")
    share_signed = FloatField(help_text="the same with all that can be signed now")
    share_full = FloatField(help_text="the same with what still lacks evidence")
    rules_to_sign = IntegerField()
    minutes_month = FloatField(
        allow_null=True,
        help_text="of work that the rules to sign save; null where it was not measured",
    )
    curve = PlanStepSerializer(many=True)
    questions = PlanQuestionSerializer(many=True, help_text="worth asking, the most helpful first")
    questions_today = IntegerField(help_text="how many of them may be asked today")
    share_by_questions = FloatField(help_text="what their answers may add")


class PlanSerializer(Serializer[Any]):
    """The plans of all sites that were asked for."""

    results = SitePlanSerializer(many=True)


class Plan(Api):
    """Which rules to sign at each site, in the order of what each adds."""

    tag = "plan"

    @facts_alone(
        PlanSerializer,
        roles=READING_ROLES,
        query={"site": QueryText(help_text="name of one site")},
    )
    def show(self, site: str = "") -> dict[str, Any]:
        """The plan of every site that you see, or of one."""
        plans = [
            plan for plan in site_plans_for(self.person) if site in ("", plan.totals.site.name)
        ]
        return {
            "results": [
                facts_of_plan(plan, questions_at(plan, self.person, now=self.now)) for plan in plans
            ]
        }
