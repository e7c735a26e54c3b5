"""Sentinel's own words: raw JSON in, frozen values out; the inverse for what we send. No Django.

Nothing an answer contains may lose the answer: what is odd is kept, flagged as `member:problem`,
and what cannot be read at all comes back as Unreadable for the quarantine. Only an answer that is
no whole list raises NotAPage, and then nothing of it may be stored.
"""

from alerts.sentinel.wire.alerts import D4iotFacts, WireAlert, read_alerts
from alerts.sentinel.wire.automation import (
    WireRule,
    differing_places,
    is_switched_off_by_time,
    read_automation_rule,
    read_automation_rules,
)
from alerts.sentinel.wire.entities import (
    CommentPage,
    EntityAnswer,
    WireComment,
    WireDevice,
    WireEntity,
    read_comment,
    read_comments,
    read_entities,
)
from alerts.sentinel.wire.incidents import (
    IncidentPage,
    WireIncident,
    WireLabel,
    WireOwner,
    comment_body,
    incident_of,
    incident_put_body,
    merged_labels,
    name_in_beginning,
    read_incident,
    read_incident_page,
)
from alerts.sentinel.wire.log_rows import (
    LOG_ENTITY_PREFIX,
    LogAnswer,
    LogIncident,
    LogRow,
    read_log_alerts,
    read_log_answer,
    read_log_entities,
    read_log_incidents,
)
from alerts.sentinel.wire.playbooks import (
    WirePlaybook,
    WireRun,
    is_playbook_id,
    read_playbook,
    read_playbooks,
    read_runs,
)
from alerts.sentinel.wire.records import NotAPage, Unfit, Unreadable
from alerts.sentinel.wire.values import (
    UNDECIDED,
    OtScope,
    Outside,
    OutsideReason,
    ticks_of,
    write_moment,
)
from alerts.sentinel.wire.watchlists import (
    WireWatchlist,
    read_watchlist,
    read_watchlist_item,
    read_watchlist_items,
)

__all__ = [
    "LOG_ENTITY_PREFIX",
    "UNDECIDED",
    "CommentPage",
    "D4iotFacts",
    "EntityAnswer",
    "IncidentPage",
    "LogAnswer",
    "LogIncident",
    "LogRow",
    "NotAPage",
    "OtScope",
    "Outside",
    "OutsideReason",
    "Unfit",
    "Unreadable",
    "WireAlert",
    "WireComment",
    "WireDevice",
    "WireEntity",
    "WireIncident",
    "WireLabel",
    "WireOwner",
    "WirePlaybook",
    "WireRule",
    "WireRun",
    "WireWatchlist",
    "comment_body",
    "differing_places",
    "incident_of",
    "incident_put_body",
    "is_playbook_id",
    "is_switched_off_by_time",
    "merged_labels",
    "name_in_beginning",
    "read_alerts",
    "read_automation_rule",
    "read_automation_rules",
    "read_comment",
    "read_comments",
    "read_entities",
    "read_incident",
    "read_incident_page",
    "read_log_alerts",
    "read_log_answer",
    "read_log_entities",
    "read_log_incidents",
    "read_playbook",
    "read_playbooks",
    "read_runs",
    "read_watchlist",
    "read_watchlist_item",
    "read_watchlist_items",
    "ticks_of",
    "write_moment",
]
