"""What our identities may do in Sentinel, as far as it was read. Pages ask before they offer it."""

from collections.abc import Collection, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.sentinel.engine.rights import (
    IDENTITY_OF,
    INCIDENTS,
    READ,
    RULES,
    RightsEntries,
    missing_actions,
    needed_actions,
    needed_on_playbooks,
)
from alerts.sentinel.registry import granted_rights_of
from alerts.sentinel.wire.playbooks import is_standard_playbook

_IDENTITIES: Final[Mapping[str, Promise]] = {
    READ: gettext_lazy("reading"),
    INCIDENTS: gettext_lazy("incidents"),
    RULES: gettext_lazy("automation rules"),
}


def reason_against_calling(workspace_id: int, *calls: str, purpose: str) -> str:
    """Return why these calls would be refused in a workspace: which actions the identity of the
    purpose lacks, by what was read last. Empty where it lacks none or where that is not known, so
    that a button stays: Azure decides.
    """
    entries = granted_rights_of(workspace_id, IDENTITY_OF[purpose])
    return "" if entries is None else reason_by_rights(entries, calls, purpose=purpose)


def reason_by_rights(entries: RightsEntries, calls: Collection[str], *, purpose: str) -> str:
    """Return the same by rights that are at hand."""
    return _sentence(missing_actions(needed_actions(purpose, calls=calls), entries), purpose)


def reason_against_starting(workspace_id: int, playbook: str) -> str:
    """Return why a playbook could not be started on an incident, by the rights on the workspace and
    on the playbook's own resource group; empty where none is known to be missing.
    """
    is_standard = is_standard_playbook(playbook)
    call = "run_playbook Standard" if is_standard else "run_playbook"
    if reason := reason_against_calling(workspace_id, call, purpose=INCIDENTS):
        return reason
    group = playbook.partition("/providers/")[0]
    entries = granted_rights_of(workspace_id, IDENTITY_OF[INCIDENTS], group)
    if entries is None:
        return ""
    needed = needed_on_playbooks(INCIDENTS, are_standard=[is_standard], calls=[call])
    return _sentence(missing_actions(needed, entries), INCIDENTS)


def _sentence(missing: list[str], purpose: str) -> str:
    if not missing:
        return ""
    return gettext(
        "Azure would refuse this: our identity for %(purpose)s lacks %(actions)s. Once it has the"
        " right, let the workspace be checked again."
    ) % {"purpose": _IDENTITIES[IDENTITY_OF[purpose]], "actions": ", ".join(missing)}
