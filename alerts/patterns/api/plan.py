"""The noise plan over REST: one row a site, with its curve and its questions."""

from collections.abc import Mapping
from typing import Any

from alerts.patterns.reads.plan import plans_for
from alerts.patterns.reads.plan_facts import facts_of_plan
from alerts.patterns.reads.questions import questions_at
from portal.accounts.models import READING_ROLES
from portal.api.kinds import FLAG, FRACTION, ID, MOMENT, NUMBER, TEXT, Kind, one_of, shaped
from portal.api.views import Api, Parameter, facts_alone

COURTS = one_of(
    {word: word for word in ("live", "trial", "soc", "ot", "draft", "ready", "evidence")}
)


def _with_words(kind: Kind, says: str) -> Kind:
    return Kind({**kind.schema, "description": says}, kind.read)


STEP = shaped(
    order=NUMBER,
    pattern=_with_words(ID, "the pattern that the rule is about"),
    title=TEXT,
    state=_with_words(COURTS, "whose turn it is; `ready` may be proposed, `evidence` lacks some"),
    rule=_with_words(TEXT.or_null(), "the rule that was made of it"),
    gain=_with_words(NUMBER, "incidents that it adds to those before it and to what acts"),
    gain_share=FRACTION,
    share=_with_words(FRACTION, "of the incidents that no longer reach the SOC after it"),
    judged=NUMBER,
    suspicious=NUMBER,
    limit=_with_words(FRACTION, "at most this share could be suspicious, at 95 %"),
    is_little=_with_words(FLAG, "little evidence: the SOC's signer writes why it is enough"),
    answers_needed=NUMBER,
)
QUESTION = shaped(
    incident=NUMBER,
    number=NUMBER.or_null(),
    pattern=ID,
    about=TEXT,
    for_trial=_with_words(FLAG, "the rule has enough evidence; its trial would count the answer"),
)
PLAN: Mapping[str, Any] = shaped(
    site=TEXT, site_id=ID, counted_at=MOMENT, days=NUMBER, incidents=NUMBER, judged=NUMBER,
    suspicious=NUMBER,
    share_acting=_with_words(FRACTION, "taken off the SOC by the rules that act"),
    share_signed=_with_words(FRACTION, "the same with all that can be signed now"),
    share_full=_with_words(FRACTION, "the same with what still lacks evidence"),
    rules_to_sign=NUMBER,
    minutes_month=_with_words(
        FRACTION.or_null(), "of work that the rules to sign save; null where it was not measured"
    ),
    curve=STEP.many(),
    questions=_with_words(QUESTION.many(), "worth asking, the most helpful first"),
    questions_today=_with_words(NUMBER, "how many of them may be asked today"),
    share_by_questions=_with_words(FRACTION, "what their answers may add"),
).schema  # fmt: skip
QUERY = (Parameter("site", TEXT, "name of one site"),)


class Plan(Api):
    """Which rules to sign at each site, in the order of what each adds."""

    tag = "plan"

    @facts_alone(
        {"type": "object", "properties": {"results": {"type": "array", "items": PLAN}}},
        roles=READING_ROLES,
        query=QUERY,
    )
    def show(self, site: str = "") -> dict[str, Any]:
        """The plan of every site that you see, or of one."""
        plans = [plan for plan in plans_for(self.person) if site in ("", plan.totals.site.name)]
        return {
            "results": [
                facts_of_plan(plan, questions_at(plan, self.person, now=self.now)) for plan in plans
            ]
        }
