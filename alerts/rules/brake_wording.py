"""The English of what stops a rule that acts: a close that did not hold (S7), a cap (S6)."""

from typing import Final

from alerts.rules.catalogue_mark import gettext_noop

BRAKES: Final = {
    "stop.reopened": gettext_noop("Incident {incident}, closed by this rule, was reopened."),
    "stop.true_positive": gettext_noop(
        "Incident {incident}, closed by this rule, was a true positive."
    ),
    "stop.linked": gettext_noop(
        "Incident {incident}, closed by this rule, shares {what} with a true positive."
    ),
    "stop.joined": gettext_noop("An alert that no rule may close joined incident {incident}."),
    "stop.unknown": gettext_noop("Incident {incident}, closed by this rule, changed: {what}."),
    "brake.rule-day": gettext_noop(
        "It reached its cap at incident {incident}: {limit} incidents that came within 24 hours. "
        "Its back-test had at most {most}."
    ),
    "brake.workspace-hour": gettext_noop(
        "Rules reached the cap of {workspace} at incident {incident}: {limit} incidents that came "
        "within an hour. Their back-tests had at most {most} together."
    ),
    "brake.workspace-day": gettext_noop(
        "Rules reached the cap of {workspace} at incident {incident}: {limit} incidents that came "
        "within 24 hours. Their back-tests had at most {most} together."
    ),
}
