"""How a rule or a gate stands in Sentinel, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.suppression.deploying.deployments import ROLE, Deployment
from alerts.suppression.web.words import StateChip

type Words = tuple[Promise, str, str]

_GATES: dict[str, Words] = {
    "none": (gettext_lazy("No Tagout rule there"), "", "circle"),
    "closed": (gettext_lazy("Gate ready"), "ok", "shield-check"),
    "open": (gettext_lazy("Stopped in Sentinel"), "high", "octagon-x"),
    "opening": (gettext_lazy("Stopping in Sentinel"), "medium", "timer"),
    "closing": (gettext_lazy("Gate on its way"), "medium", "timer"),
    "refused": (gettext_lazy("Sentinel refused the gate"), "high", "circle-alert"),
    "held": (gettext_lazy("Gate changed by hand"), "high", "triangle-alert"),
}
_RULES: dict[str, Words] = {
    "there": (gettext_lazy("As signed"), "ok", "check"),
    "gone": (gettext_lazy("Removed"), "", "check"),
    "coming": (gettext_lazy("On its way"), "medium", "timer"),
    "going": (gettext_lazy("Being removed"), "medium", "timer"),
    "refused": (gettext_lazy("Refused by Sentinel"), "high", "circle-alert"),
    "held": (gettext_lazy("Changed by hand in Sentinel"), "high", "triangle-alert"),
}


def gate_chip(standing: str) -> StateChip:
    """How the gate of a workspace stands."""
    return _chip(_GATES[standing])


def rule_chip(standing: str) -> StateChip:
    """How one of our rules stands in a workspace."""
    return _chip(_RULES[standing])


def what_to_do(each: Deployment) -> str:
    """What a person can do about what went wrong."""
    if each.row.error_code == "AuthorizationFailed":
        return gettext("Give Tagout's identity for rules the role %(role)s on this workspace.") % {
            "role": ROLE
        }
    if each.standing == "held":
        return gettext(
            "Undo the change in Sentinel, or pause and resume the rule here: then Tagout "
            "writes it again."
        )
    if each.standing == "refused":
        return gettext("Edit the rule, or let Tagout enforce it.")
    return ""


def _chip(said: Words) -> StateChip:
    label, kind, picture = said
    return StateChip(str(label), kind, picture)
