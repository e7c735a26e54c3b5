"""The nouns of this room."""

from alerts.incidents.models.alert import Alert, AlertRaw, IncidentAlert, PlannedAlert
from alerts.incidents.models.bulk_act import BulkAct, Skipped
from alerts.incidents.models.closer import IncidentCloser
from alerts.incidents.models.context import (
    ASIDE,
    BY_TOKEN,
    COUNTS_AS_DECISION,
    IMPORTED,
    UNDONE,
    Comment,
    Entity,
    IncidentTask,
    TaskReading,
    TimelineItem,
)
from alerts.incidents.models.group import Group, PairMemory, PatternMemory
from alerts.incidents.models.incident import (
    ACTIVE_FROM,
    ACTIVE_UNTIL,
    BY_RULE,
    CLOSE_IN_FORCE,
    CLOSED_AT,
    ESCALATED_LABEL,
    HARMLESS_OUTCOMES,
    HAS_LABELS,
    LEFT_SCOPE,
    UNNAMED,
    DetailsState,
    Incident,
    IncidentRaw,
    IncidentStatus,
    OtState,
    Severity,
    touches_sites,
)
from alerts.incidents.models.saved_view import FirstView, SavedView
