"""What the list of candidates offers."""

from typing import Any

from django.db.models import Q
from django.db.models.functions import JSONObject

from alerts.patterns.models import State
from alerts.patterns.policies import obstacles_of
from alerts.suppression.engine.facts import SEVERITIES
from portal.api.kinds import FLAG, FRACTION, ID, MOMENT, NUMBER, TEXT, Kind, one_of, shaped
from portal.api.listing import Column, Filter, Listing, Order

STATE = one_of({word: word for word in State.values})
SEVERITY = one_of({word: word for word in SEVERITIES})
WINDOW = shaped(weekdays=NUMBER.many(), start=NUMBER, end=NUMBER)


def _window(told: dict[str, Any]) -> dict[str, Any] | None:
    return None if told["start"] is None or told["end"] is None else told


def _can(wanted: bool) -> Q:
    return Q(cannot=[]) if wanted else ~Q(cannot=[])


PATTERNS = Listing(
    "Pattern",
    "Routine found in history, the one that saves most first: alerts of one type between the same "
    "ends at one place. Figures are of the latest run that found it.",
    (
        Column("id", ID, "of the candidate", "uuid"),
        Column("state", STATE, "what people made of it"),
        Column("state_by", TEXT.or_null(), "who", "state_by__name"),
        Column("state_at", MOMENT.or_null(), "when"),
        Column("state_reason", TEXT, "why it was rejected"),
        Column("snoozed_until", MOMENT.or_null(), "until when it is put off"),
        Column("rule", ID.or_null(), "the rule that was made of it", "rule__uuid"),
        Column("workspace", TEXT, "name of the Sentinel workspace", "workspace__name"),
        Column("site", TEXT.or_null(), "name of the site", "site__name"),
        Column("alert_type", TEXT, "Defender for IoT's name of what was detected"),
        Column("own_title", TEXT, "of a sensor's own rule"),
        Column("source_device", TEXT, "the sending end"),
        Column("source_address", TEXT, "the sending end"),
        Column("destination_device", TEXT, "the receiving end"),
        Column("destination_address", TEXT, "the receiving end"),
        Column("devices", TEXT.many(), "where no alert says who began"),
        Column("addresses", TEXT.many(), "where no alert says who began"),
        Column("severity", SEVERITY, "the highest that was seen", read=SEVERITIES.__getitem__),
        Column("alerts", NUMBER, "how many there were"),
        Column("incidents", NUMBER, "how many there were"),
        Column("days_seen", NUMBER, "on how many days"),
        Column("first_at", MOMENT, "the first of them"),
        Column("latest_at", MOMENT, "the latest of them"),
        Column("window", Kind({**WINDOW.schema, "type": ["object", "null"]}),
               "usual hours on the plant's clock, Monday is 0; null where there are none",
               JSONObject(weekdays="window_days", start="window_start", end="window_end"),
               read=_window),
        Column("routine", NUMBER, "verdicts"),
        Column("maintenance", NUMBER, "verdicts"),
        Column("suspicious", NUMBER, "verdicts"),
        Column("not_sure", NUMBER, "verdicts"),
        Column("true_positives", NUMBER, "incidents that were one"),
        Column("judged", NUMBER, "verdicts that were sure of it"),
        Column("limit", FRACTION, "at most this share could be suspicious, at 95 %"),
        Column("cause", TEXT, "id of the most frequent reason"),
        Column("minutes_month", FRACTION.or_null(), "of work that a rule would save; null where "
               "too few closings were measured"),
        Column("cannot", TEXT.many(), "why it cannot become a rule as it stands",
               read=obstacles_of),
        Column("mined_at", MOMENT, "when it was last found"),
        Column("rhythm", NUMBER.many(), "incidents in each hour of the week on the plant's "
               "clock, Monday 00 first", wide=True),
    ),
    Order("rank", kind=FRACTION),
    (
        Filter("state", STATE, "one or several", lambda these: Q(state__in=these)),
        Filter("site", TEXT, "name of one site", lambda name: Q(site__name=name)),
        Filter("workspace", TEXT, "name of one workspace", lambda name: Q(workspace__name=name)),
        Filter("alert_type", TEXT, "of one type", lambda name: Q(alert_type=name)),
        Filter("can_become_rule", FLAG, "nothing holds against that", _can),
    ),
)  # fmt: skip
