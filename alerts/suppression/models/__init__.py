"""The nouns of this room."""

from alerts.suppression.models.ledger import (
    Act,
    Ending,
    GroupMember,
    HeldIncident,
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
    State,
    Step,
)
from alerts.suppression.models.watchlist import (
    LeftOutAlert,
    WatchlistPeriod,
    WatchlistRequest,
    WatchlistSignature,
    WatchlistState,
)

__all__ = [
    "ACTING",
    "OPEN",
    "Act",
    "BackTestRun",
    "Ending",
    "GroupMember",
    "HeldIncident",
    "LedgerEntry",
    "LeftOutAlert",
    "NewMember",
    "PromotionApproval",
    "Rule",
    "RuleVersion",
    "Signature",
    "SiteDay",
    "State",
    "Step",
    "Stop",
    "WatchlistPeriod",
    "WatchlistRequest",
    "WatchlistSignature",
    "WatchlistState",
    "Where",
]
