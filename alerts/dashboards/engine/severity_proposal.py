"""Whether history suggests another severity for an alert type, and why or why not."""

from dataclasses import dataclass
from typing import Final

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.engine.confidence_limits import upper_share

SEVERITIES: Final = ("Informational", "Low", "Medium", "High")
ENOUGH_JUDGED: Final = 10  # verdicts, all of them harmless
ENOUGH_DAYS: Final = 5  # on which it came: once is no habit
GRAVE_SHARE: Final = 0.2  # of what was judged or closed
ENOUGH_GRAVE: Final = 2  # one may be a slip


@dataclass(frozen=True, slots=True)
class TypeHistory:
    """The figures of a period for one alert type of one severity."""

    alert_type: str
    severity: str
    days: int
    harmless: int  # verdicts routine and maintenance, each once, however many alerts it covers
    suspicious: int
    true_positives: int  # incidents


@dataclass(frozen=True, slots=True)
class SeverityProposal:
    """The proposed severity, the same as before where nothing is proposed, and why (a code).
    `limit`: at most this share could be suspicious, with 95 % confidence.
    """

    severity: str
    why: str
    limit: float

    def changes(self, severity: str) -> bool:
        """Whether another severity is proposed."""
        return self.severity != severity


def propose_severity(history: TypeHistory) -> SeverityProposal:
    """Return the proposal for one alert type, one step down or up at most. What must never be
    silenced keeps its severity, and so does what can stop a plant.
    """
    grave = history.suspicious + history.true_positives
    judged = history.harmless + grave
    limit = upper_share(grave, judged)
    if history.severity not in SEVERITIES:
        return SeverityProposal(history.severity, "unknown", limit)
    if grave:
        often = grave >= max(ENOUGH_GRAVE, GRAVE_SHARE * judged)
        step = 1 if often and history.severity != SEVERITIES[-1] else 0
        return SeverityProposal(_moved(history.severity, step), "grave", limit)
    alert_type = alert_type_for(history.alert_type)
    if alert_type is None:
        return SeverityProposal(history.severity, "unknown", limit)
    if alert_type.guard in ("never", "timeboxed"):
        return SeverityProposal(history.severity, alert_type.guard, limit)
    if history.harmless < ENOUGH_JUDGED or history.days < ENOUGH_DAYS:
        return SeverityProposal(history.severity, "little", limit)
    if history.severity == SEVERITIES[0]:
        return SeverityProposal(history.severity, "lowest", limit)
    return SeverityProposal(_moved(history.severity, -1), "harmless", limit)


def _moved(severity: str, step: int) -> str:
    return SEVERITIES[SEVERITIES.index(severity) + step]
