"""The verbs of the door out: owe, withdraw, deliver, retry, discard; want a rule."""

from alerts.outbox.services.deliver import Delivered, deliver_one
from alerts.outbox.services.deliver_rules import DeliveredRule, deliver_one_rule
from alerts.outbox.services.enqueue import (
    NEW_TASK,
    UNDO_HOLD,
    CannotRetry,
    PendingWrite,
    WithdrawReport,
    discard_change,
    enqueue_changes,
    retry_change,
    withdraw_changes,
)
from alerts.outbox.services.set_desired import (
    clear_desired_rule,
    name_of_rule,
    set_desired_rule,
    set_rule_absent,
)

__all__ = [
    "NEW_TASK",
    "UNDO_HOLD",
    "CannotRetry",
    "Delivered",
    "DeliveredRule",
    "PendingWrite",
    "WithdrawReport",
    "clear_desired_rule",
    "deliver_one",
    "deliver_one_rule",
    "discard_change",
    "enqueue_changes",
    "name_of_rule",
    "retry_change",
    "set_desired_rule",
    "set_rule_absent",
    "withdraw_changes",
]
