"""The nouns of this room."""

from alerts.suppression.models.brakes import Brake, BrakeTrip
from alerts.suppression.models.drift import DriftLine, DriftQuestion
from alerts.suppression.models.ledger import (
    Ending,
    GroupMember,
    HeldIncident,
    HoldEnd,
    LedgerAct,
    LedgerEntry,
    NewMember,
    Stop,
    Where,
)
from alerts.suppression.models.rules import (
    ACTING,
    OPEN,
    BackTestRun,
    PromotionApproval,
    Rule,
    RuleVersion,
    Signature,
    SiteDay,
    Step,
    VersionState,
)
from alerts.suppression.models.watchlist import (
    LeftOutAlert,
    WatchlistPeriod,
    WatchlistRequest,
    WatchlistSignature,
    WatchlistState,
)
