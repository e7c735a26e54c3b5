"""What the auditor found, in the reader's language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, gettext_lazy, ngettext

from alerts.dashboards.queries.auditor import Auditor
from alerts.dashboards.web.wording import QUEUES, age_words
from alerts.dashboards.workspace_audit import fault_words
from portal.ui.words import number

_FAULTS = {
    "Beat has not ticked for a minute.": gettext_lazy("Beat has not ticked for a minute."),
    "The audit record is broken.": gettext_lazy("The audit record is broken."),
    "The audit record was not checked for an hour.": gettext_lazy(
        "The audit record was not checked for an hour."
    ),
    "The head of the audit record went back.": gettext_lazy(
        "The head of the audit record went back."
    ),
}
_SILENT = re.compile(r"No worker of the queue (?P<queue>\w+) was heard for five minutes\.")
_OVERDUE = re.compile(r"(?P<n>\d+) overdue: (?P<kind>.+)\.")
_SICK = re.compile(r"(?P<n>\d+) of (?P<all>\d+) workspaces are sick\.")


@dataclass(frozen=True, slots=True)
class AuditorCard:
    """The auditor as the status page shows it."""

    age: str
    is_late: bool
    faults: Sequence[str]
    sick: Mapping[str, Sequence[str]]
    compared: str
    none_found: str
    looks: Sequence[tuple[datetime, str, bool]]  # when, what was found, whether all was well


def auditor_card(auditor: Auditor, *, unshifted: datetime) -> AuditorCard:
    """Return the card: how old the latest look is, what it compared and found, and those before.
    Who sees some workspaces is told of these alone, whatever was found at others.
    """
    none = gettext("no fault") if auditor.everywhere else gettext("nothing at your workspaces")
    return AuditorCard(
        age=age_words(auditor.at, unshifted) if auditor.at else "",
        is_late=auditor.is_late,
        faults=[installation_fault_words(fault) for fault in auditor.faults],
        sick={
            name: [fault_words(fault) for fault in faults] for name, faults in auditor.sick.items()
        },
        compared=_compared(auditor) if auditor.at else "",
        none_found=none,
        looks=[
            (
                look.at,
                _look_words(len(look.faults), look.sick) or none,
                not look.faults and not look.sick,
            )
            for look in auditor.looks[1:]
        ],
    )


def installation_fault_words(fault: str) -> str:
    """Return a fault of the whole installation in the reader's language."""
    if found := _SILENT.fullmatch(fault):
        queue = str(QUEUES.get(found["queue"], found["queue"]))
        text = gettext("No worker for “%(queue)s” was heard for five minutes.")
        return text % {"queue": queue}
    if found := _OVERDUE.fullmatch(fault):
        words = {"n": number(int(found["n"])), "kind": found["kind"]}
        return gettext("%(n)s overdue for more than five minutes: %(kind)s.") % words
    if found := _SICK.fullmatch(fault):
        words = {"n": number(int(found["n"])), "all": number(int(found["all"]))}
        return gettext("%(n)s of %(all)s workspaces have a fault.") % words
    return str(_FAULTS.get(fault, fault))


def _compared(auditor: Auditor) -> str:
    """What a look compares, as one sentence."""
    text = ngettext(
        "Beat and %(queues)s kinds of workers, %(kinds)s kinds of work, the audit record, and"
        " %(n)s workspace: read, changes sent, rules as signed.",
        "Beat and %(queues)s kinds of workers, %(kinds)s kinds of work, the audit record, and"
        " %(n)s workspaces: read, changes sent, rules as signed.",
        auditor.workspaces,
    )
    return text % {
        "queues": number(auditor.queues),
        "kinds": number(auditor.kinds),
        "n": number(auditor.workspaces),
    }


def _look_words(faults: int, sick: Sequence[str]) -> str:
    found = []
    if faults:
        found.append(ngettext("%(n)s fault", "%(n)s faults", faults) % {"n": number(faults)})
    if sick:
        found.append(gettext("sick: %(names)s") % {"names": ", ".join(sick)})
    return "; ".join(found)
