"""The nouns of this room."""

from alerts.suppression.models.backtest import BackTestRun
from alerts.suppression.models.held import HeldIncident
from alerts.suppression.models.ledger import Act, Ending, LedgerEntry, Where
from alerts.suppression.models.member import GroupMember, NewMember
from alerts.suppression.models.promotion import PromotionApproval
from alerts.suppression.models.rule import Rule
from alerts.suppression.models.signature import Signature
from alerts.suppression.models.siteday import SiteDay
from alerts.suppression.models.step import Step
from alerts.suppression.models.stop import Stop
from alerts.suppression.models.version import ACTING, OPEN, RuleVersion, State

__all__ = [
    "ACTING",
    "OPEN",
    "Act",
    "BackTestRun",
    "Ending",
    "GroupMember",
    "HeldIncident",
    "LedgerEntry",
    "NewMember",
    "PromotionApproval",
    "Rule",
    "RuleVersion",
    "Signature",
    "SiteDay",
    "State",
    "Step",
    "Stop",
    "Where",
]
