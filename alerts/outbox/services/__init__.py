"""The verbs of the door out: owe, withdraw, deliver, retry, discard."""

from alerts.outbox.services.deliver import Delivered, deliver_one
from alerts.outbox.services.mend import CannotMend, discard_change, retry_change
from alerts.outbox.services.owe import HOLD, Wish, owe_changes, owe_comment, owe_update
from alerts.outbox.services.withdraw import WithdrawReport, withdraw

__all__ = [
    "HOLD",
    "CannotMend",
    "Delivered",
    "Wish",
    "WithdrawReport",
    "deliver_one",
    "discard_change",
    "owe_changes",
    "owe_comment",
    "owe_update",
    "retry_change",
    "withdraw",
]
