"""What the list of patterns offers."""

from typing import Any

from django.db.models import Q

from alerts.patterns.models import State
from alerts.patterns.policies import obstacles_in_words
from portal.api.kinds import FLAG, FRACTION, ID, MOMENT, NUMBER, OBJECT, TEXT, one_of, shaped
from portal.api.listing import Column, Filter, Listing, Order

STATE = one_of({word: word for word in State.values})
TYPE = shaped(title=TEXT, own_title=TEXT, alerts=NUMBER, judged=NUMBER)
UNIT = shaped(kind=TEXT, name=TEXT, zone=TEXT, alerts=NUMBER)
REASON = shaped(part=TEXT, code=TEXT, detail=OBJECT)
MEMBER = shaped(name=TEXT, alerts=NUMBER, judged=NUMBER)
MEMBERS = shaped(source=MEMBER.many(), destination=MEMBER.many())


def _members(sides: dict[str, list[list[Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {
        side: [
            {"name": name, "alerts": alerts, "judged": judged}
            for name, alerts, judged in sides.get(side, [])
        ]
        for side in ("source", "destination")
    }


def _can(wanted: bool) -> Q:
    return Q(obstacles=[]) if wanted else ~Q(obstacles=[])


def _in_plan(wanted: bool) -> Q:
    return Q(plan_order__isnull=not wanted)


PATTERNS = Listing(
    "Pattern",
    "Processes of the plants found in history, the one that saves most first: who does what to "
    "whom, and when. Figures are of the latest mining that found it.",
    (
        Column("id", ID, "of the pattern", "uuid"),
        Column("title", TEXT, "of the rule that would say it"),
        Column("state", STATE, "what people made of it"),
        Column("state_by", TEXT.or_null(), "who", "state_by__name"),
        Column("state_at", MOMENT.or_null(), "when"),
        Column("state_reason", TEXT, "why it was rejected"),
        Column("snoozed_until", MOMENT.or_null(), "until when it is put off"),
        Column("rule", ID.or_null(), "the rule that was made of it", "rule__uuid"),
        Column("workspace", TEXT, "name of the Sentinel workspace", "workspace__name"),
        Column("site", TEXT.or_null(), "name of the site", "site__name"),
        Column("alert_types", TEXT.many(), "Defender for IoT's names of what was detected"),
        Column("alerts", NUMBER, "how many there were"),
        Column("incidents", NUMBER, "with at least one of its alerts"),
        Column("days_seen", NUMBER, "on how many days"),
        Column("first_at", MOMENT, "the first of them"),
        Column("latest_at", MOMENT, "the latest of them"),
        Column("routine", NUMBER, "verdicts"),
        Column("maintenance", NUMBER, "verdicts"),
        Column("suspicious", NUMBER, "verdicts"),
        Column("not_sure", NUMBER, "verdicts"),
        Column("true_positives", NUMBER, "incidents that were one"),
        Column("closings", NUMBER, "incidents that the SOC closed as benign: half-evidence, never"
               " OT's word"),
        Column("judged", NUMBER, "verdicts that were sure of it"),
        Column("people", NUMBER, "who judged it harmless"),
        Column("limit", FRACTION, "at most this share could be suspicious, at 95 %"),
        Column("judged_share", FRACTION, "of its alerts, where something was judged harmless"),
        Column("has_enough_evidence", FLAG, "whether a rule may be proposed on these verdicts"),
        Column("cause", TEXT, "id of the most frequent reason"),
        Column("minutes_month", FRACTION.or_null(), "of work that a rule would save; null where "
               "too few closings were measured"),
        Column("plan_order", NUMBER.or_null(), "its step in the plan of its site; null: not in it"),
        Column("plan_gain", NUMBER, "incidents of the period that only this step adds"),
        Column("plan_share", FRACTION, "of the site's incidents that no longer reach the SOC with "
               "all steps up to it"),
        Column("obstacles", TEXT.many(), "why it cannot become a rule as it stands",
               read=obstacles_in_words),
        Column("mined_at", MOMENT, "when it was last found"),
        Column("pattern", OBJECT, "what it says: types, sides with their rung and members, "
               "protocols, functions, hours, exceptions", wide=True),
        Column("reasons", REASON.many(), "why it is this wide", wide=True),
        Column("types", TYPE.many(), "alerts and harmless verdicts by type", "type_figures",
               wide=True),
        Column("members", MEMBERS, "alerts and harmless verdicts by member", "member_figures",
               read=_members, wide=True),
        Column("open_units", UNIT.many(), "what nobody has judged yet, the largest first",
               wide=True),
        Column("rhythm", NUMBER.many(), "alerts in each hour of the week on the plant's "
               "clock, Monday 00 first", wide=True),
    ),
    Order("rank", kind=FRACTION),
    (
        Filter("state", STATE, "one or several", lambda these: Q(state__in=these)),
        Filter("site", TEXT, "name of one site", lambda name: Q(site__name=name)),
        Filter("workspace", TEXT, "name of one workspace", lambda name: Q(workspace__name=name)),
        Filter("alert_type", TEXT, "of one type", lambda name: Q(alert_types__contains=[name])),
        Filter("can_become_rule", FLAG, "nothing holds against that", _can),
        Filter("in_plan", FLAG, "it is a step of the plan of its site", _in_plan),
    ),
)  # fmt: skip
