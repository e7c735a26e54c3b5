"""The nouns of this room."""

from alerts.planned_work.models.confirmation import WorkConfirmation
from alerts.planned_work.models.occurrence import RECORDED_AT, Occurrence
from alerts.planned_work.models.work import NamedDevice, PlannedWork, Revision, WorkKind, WorkStep
