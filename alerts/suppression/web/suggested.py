"""The part of a rule's page that says where its pattern outgrew it, and offers the next version."""

from datetime import datetime
from typing import Any

from alerts.suppression.backtesting.fact_rows import TookTooLong, no_longer_than
from alerts.suppression.drafting.outgrown import line_changes
from alerts.suppression.models import RuleVersion
from alerts.suppression.web.verbs import may_do
from alerts.suppression.web.words import line_of
from portal.accounts.models import User

MAX_SECONDS = 2.0


def suggested_of(version: RuleVersion, user: User, *, now: datetime) -> dict[str, Any]:
    """What the card on a suggested version shows; nothing where the rule fits, or where history
    cannot be read in time.
    """
    try:
        with no_longer_than(MAX_SECONDS):
            changes = line_changes(version, now=now)
    except TookTooLong:
        changes = []
    return {
        "suggested": [
            (line_of(each.line), line_of(each.new_line), each.newcomers) for each in changes
        ],
        "may_take_suggested": bool(changes) and may_do("take-suggested", version, user, now=now),
    }
