"""Sentinel's own words: raw JSON in, frozen values out; the inverse for what we send. No Django.

Nothing an answer contains may lose the answer: what is odd is kept, flagged as `member:problem`,
and what cannot be read at all comes back as Unreadable for the quarantine. Only an answer that is
no whole list raises NotAPage, and then nothing of it may be stored.
"""

from alerts.sentinel.wire.alert import WireAlert, alert_of
from alerts.sentinel.wire.automation import (
    WireRule,
    differing_places,
    is_switched_off_by_time,
    read_automation_rule,
    read_automation_rules,
)
from alerts.sentinel.wire.build import (
    closing,
    comment_body,
    incident_put_body,
    merged_labels,
    our_id,
)
from alerts.sentinel.wire.comment import CommentPage, WireComment, read_comment, read_comments
from alerts.sentinel.wire.details import read_alerts, read_entities
from alerts.sentinel.wire.entity import EntityAnswer, WireDevice, WireEntity
from alerts.sentinel.wire.facts import D4iotFacts
from alerts.sentinel.wire.incident import WireIncident, incident_of
from alerts.sentinel.wire.page import IncidentPage, read_incident, read_incident_page
from alerts.sentinel.wire.parts import WireLabel, WireOwner
from alerts.sentinel.wire.times import ticks_of, write_moment
from alerts.sentinel.wire.unreadable import NotAPage, Unfit, Unreadable

__all__ = [
    "CommentPage",
    "D4iotFacts",
    "EntityAnswer",
    "IncidentPage",
    "NotAPage",
    "Unfit",
    "Unreadable",
    "WireAlert",
    "WireComment",
    "WireDevice",
    "WireEntity",
    "WireIncident",
    "WireLabel",
    "WireOwner",
    "WireRule",
    "alert_of",
    "closing",
    "comment_body",
    "differing_places",
    "incident_of",
    "incident_put_body",
    "is_switched_off_by_time",
    "merged_labels",
    "our_id",
    "read_alerts",
    "read_automation_rule",
    "read_automation_rules",
    "read_comment",
    "read_comments",
    "read_entities",
    "read_incident",
    "read_incident_page",
    "ticks_of",
    "write_moment",
]
