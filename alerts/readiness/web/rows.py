"""Checks as rows of a page: in the reader's language, with what can be done about each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from alerts.readiness.engine.readings import CheckRemedy, CheckState, ReadinessCheck
from alerts.readiness.engine.reasons import CheckReason
from alerts.readiness.engine.solution import coverage_query
from alerts.readiness.models import SetupStep
from alerts.readiness.stored_wording import stored_words
from alerts.readiness.wording import check_evidence, check_state_word, fix_of, label_of
from alerts.sentinel.engine.rights import SET_UP, RightsEntries
from alerts.sentinel.policies import reason_by_rights
from portal.jobs.models import JobState
from portal.ui.navigation import address_of

_ICONS = {
    CheckState.OK: ("ok", "circle-check"),
    CheckState.FAILED: ("high", "circle-alert"),
    CheckState.UNKNOWN: ("medium", "circle"),
}
_BUTTONS = {
    CheckRemedy.CONNECT: gettext_lazy("Connect"),
    CheckRemedy.INSTALL: gettext_lazy("Install"),
    CheckRemedy.ENABLE: gettext_lazy("Enable the rules"),
    CheckRemedy.COVER: gettext_lazy("Create the rule"),
    CheckRemedy.SINGLE: gettext_lazy("Disable the connector's rule"),
    CheckRemedy.TAG: gettext_lazy("Add the tag"),
}
_RULE_CALLS = ("read_prerequisite analytics rules", "put_prerequisite alertRules")
_CALLS = {
    CheckRemedy.CONNECT: ("read_prerequisite connectors", "put_prerequisite dataConnectors"),
    CheckRemedy.INSTALL: ("read_prerequisite catalogue", "put_prerequisite contentPackages"),
    CheckRemedy.ENABLE: (*_RULE_CALLS, "read_prerequisite templates", "read_prerequisite template"),
    CheckRemedy.COVER: _RULE_CALLS,
    CheckRemedy.SINGLE: _RULE_CALLS,
    CheckRemedy.TAG: _RULE_CALLS,
}
_NO_BRACKETS = str.maketrans("", "", "()")
_STEPS = {
    JobState.WAITING: gettext_lazy("Waiting for a worker"),
    JobState.RUNNING: gettext_lazy("Under way"),
    JobState.DONE: gettext_lazy("Done"),
    JobState.DEAD: gettext_lazy("Did not work"),
}
_SECTIONS = (
    (
        gettext_lazy("Way in"),
        ("sign-in", "reach", "sentinel", "portal", "rights", "subscription rights"),
    ),
    (gettext_lazy("Alerts"), ("plan", "connector", "latest alert")),
    (
        gettext_lazy("Incidents"),
        (
            "content package",
            "analytics rules",
            "incident creation",
            "double creation",
            "coverage",
            "correlation",
            "rule queries",
        ),
    ),
    (gettext_lazy("Around them"), ("fusion", "ueba", "playbook permission", "playbook rights")),
    (gettext_lazy("People"), ("people of the SOC", "people of OT", "first answer")),
)


@dataclass(frozen=True, slots=True)
class StepNote:
    """The state of the newest step about a check."""

    label: str
    is_open: bool
    is_failed: bool
    error: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check."""

    id: str
    label: str
    about: str  # a subscription
    state: str
    kind: str
    icon: str
    is_fine: bool  # in order, with no step about it that is open or failed
    evidence: str
    fix: str
    checked_at: datetime | None
    remedy: str
    button: str
    against: str  # why the button cannot be pressed
    target: str
    link: str
    link_label: str
    step: StepNote | None
    titles: Sequence[str]
    query: str


@dataclass(frozen=True, slots=True)
class SectionOfChecks:
    """Checks that belong together."""

    title: str
    rows: Sequence[CheckRow]


def check_sections(
    checks: Iterable[ReadinessCheck],
    *,
    steps: Mapping[tuple[str, str], SetupStep],
    may_set_up: bool,
    may_invite: bool,
    rights: RightsEntries | None = None,
) -> list[SectionOfChecks]:
    """Return the checks in the order of the page. Buttons are for those who may press them;
    `rights` are those of the identity that would set up, where they were read.
    """
    rows = [
        (check.name.partition(" (")[0], _row(check, steps, may_set_up, may_invite, rights))
        for check in checks
    ]
    sections = []
    for title, names in _SECTIONS:
        found = [row for name, row in rows if name in names]
        if found:
            sections.append(SectionOfChecks(str(title), found))
    return sections


def _row(
    check: ReadinessCheck,
    steps: Mapping[tuple[str, str], SetupStep],
    may_set_up: bool,
    may_invite: bool,
    rights: RightsEntries | None,
) -> CheckRow:
    kind, icon = _ICONS[check.state]
    step = steps.get((check.remedy.value, check.target)) if check.remedy else None
    note = _note(step) if step else None
    can_act = may_set_up and check.remedy is not None and not (note and note.is_open)
    is_subscription = bool(check.about) and check.name in (
        "subscription rights",
        "plan",
        "connector",
    )
    link, link_label = _link(check, may_invite)
    titles = check.values.get("titles", ()) if check.remedy is CheckRemedy.COVER else ()
    return CheckRow(
        id=f"{check.name} {check.about}".strip().replace(" ", "-").translate(_NO_BRACKETS),
        label=label_of(check),
        about=check.about if is_subscription else "",
        state=check_state_word(check.state),
        kind=kind,
        icon=icon,
        is_fine=check.state is CheckState.OK and not (note and (note.is_open or note.is_failed)),
        evidence=check_evidence(check),
        fix=fix_of(check) if check.state is not CheckState.OK or check.remedy else "",
        checked_at=check.checked_at,
        remedy=check.remedy.value if check.remedy and can_act else "",
        button=str(_BUTTONS[check.remedy]) if check.remedy and can_act else "",
        against=_against(check.remedy, rights) if check.remedy and can_act else "",
        target=check.target,
        link=link,
        link_label=link_label,
        step=note,
        titles=titles,
        query=coverage_query() if titles else "",
    )


def _against(remedy: CheckRemedy, rights: RightsEntries | None) -> str:
    """Why a step would be refused, where the rights of the identity are known."""
    return "" if rights is None else reason_by_rights(rights, _CALLS[remedy], purpose=SET_UP)


def _note(step: SetupStep) -> StepNote:
    state = JobState(step.state)
    return StepNote(
        label=str(_STEPS[state]),
        is_open=state in (JobState.WAITING, JobState.RUNNING),
        is_failed=state is JobState.DEAD,
        error=stored_words(step.latest_error),
        by=step.by.name,
        at=step.done_at or step.asked_at,
    )


def _link(check: ReadinessCheck, may_invite: bool) -> tuple[str, str]:
    """Where a person goes on, for what is done on another page."""
    if check.reason in (CheckReason.SOC_MISSING, CheckReason.OT_MISSING) and may_invite:
        return address_of("people:list") or "", gettext("People")
    if check.reason is CheckReason.NONE_ANSWERED:
        return address_of("incidents:queue") or "", gettext("Triage queue")
    return "", ""


def worst_of(checks: Collection[ReadinessCheck]) -> dict[str, Any]:
    """Return how many checks failed and how many are unknown, for a list."""
    failed = sum(check.state is CheckState.FAILED for check in checks)
    unknown = sum(check.state is CheckState.UNKNOWN for check in checks)
    state = CheckState.FAILED if failed else CheckState.UNKNOWN if unknown else CheckState.OK
    kind, icon = _ICONS[state]
    return {"failed": failed, "unknown": unknown, "kind": kind, "icon": icon, "n": len(checks)}
