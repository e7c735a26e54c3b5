"""The verbs of the door out: owe, withdraw, deliver, retry, discard; want a rule."""

from alerts.outbox.services.deliver import Delivered, deliver_one
from alerts.outbox.services.deliver_rule import DeliveredRule, deliver_one_rule
from alerts.outbox.services.mend import CannotMend, discard_change, retry_change
from alerts.outbox.services.owe import HOLD, Wish, owe_changes, owe_comment, owe_update
from alerts.outbox.services.want import name_of_rule, want_no_rule, want_rule
from alerts.outbox.services.withdraw import WithdrawReport, withdraw

__all__ = [
    "HOLD",
    "CannotMend",
    "Delivered",
    "DeliveredRule",
    "Wish",
    "WithdrawReport",
    "deliver_one",
    "deliver_one_rule",
    "discard_change",
    "name_of_rule",
    "owe_changes",
    "owe_comment",
    "owe_update",
    "retry_change",
    "want_no_rule",
    "want_rule",
    "withdraw",
]
