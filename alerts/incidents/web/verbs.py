"""The verbs of the act pages: what each asks, does and says afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.incidents.acts.escalation import leads_of_all
from alerts.incidents.acts.people import ot_line_of, people_for
from alerts.incidents.acts.verbs import ActValues
from alerts.incidents.engine.closing import fitting_for
from alerts.incidents.models import Severity, Status
from alerts.incidents.page.panel import zone_name_of
from alerts.incidents.web.forms import (
    NONE,
    OUTCOME_WORDS,
    OUTCOMES,
    AssignForm,
    CloseForm,
    CommentForm,
    EscalateForm,
    ReopenForm,
    SeverityForm,
)
from alerts.incidents.web.targets import Targets
from alerts.incidents.wording import SEVERITY_WORDS
from portal.accounts.models import User
from portal.ui.zones import READER, reader_clock


@dataclass(frozen=True, slots=True)
class Doing:
    """One act as it is asked for: on what, by whom, when."""

    targets: Targets
    by: User
    now: datetime

    @property
    def zone(self) -> tzinfo:
        """The zone of the plant that the incidents touch, or the reader's."""
        return reader_clock().zone(zone_name_of(self.targets.incidents) or READER)


@dataclass(frozen=True, slots=True)
class Verb:
    """How one act is asked for, put into plain values for its service, and told."""

    title: Promise
    button: Promise
    icon: str
    form: Callable[[Doing, QueryDict | None], Any]
    said: Callable[[Doing, Any], ActValues]
    told: Callable[[Doing, Any], str]
    deed: Callable[[Any], str] | None = None  # the title with what the form said

    def named(self, form: Any) -> str:
        """What is done, in a few words: to whom, to which severity, as what."""
        return self.deed(form) if self.deed else str(self.title)


def _assign_form(doing: Doing, given: QueryDict | None) -> AssignForm:
    people = people_for(doing.targets.incidents)
    return AssignForm(given, people=people, me=doing.by)


def _assigned(doing: Doing, form: AssignForm) -> str:
    to = form.cleaned_data["to"]
    if to is None:
        return gettext("Unassigned: %(what)s") % {"what": doing.targets.words}
    return gettext("Assigned to %(name)s: %(what)s") % {
        "name": to.name,
        "what": doing.targets.words,
    }


def _assign_deed(form: AssignForm) -> str:
    to = form.cleaned_data["to"]
    return gettext("Assign to %(name)s") % {"name": to.name} if to else gettext("Unassign")


def _severity_form(doing: Doing, given: QueryDict | None) -> SeverityForm:
    held = doing.targets.lead.severity
    return SeverityForm(given, initial={"severity": held if held != Severity.UNKNOWN else None})


def _rated(doing: Doing, form: SeverityForm) -> str:
    word = SEVERITY_WORDS[form.cleaned_data["severity"]]
    return gettext("Severity set to %(word)s: %(what)s") % {
        "word": word,
        "what": doing.targets.words,
    }


def _severity_deed(form: SeverityForm) -> str:
    word = SEVERITY_WORDS[form.cleaned_data["severity"]]
    return gettext("Change severity to %(word)s") % {"word": word}


def _close_form(doing: Doing, given: QueryDict | None) -> CloseForm:
    states = {each.ot_state for each in doing.targets.incidents}
    fitting = fitting_for(states.pop()) if len(states) == 1 else ("", "")
    outcome = next((key for key, pair in OUTCOMES.items() if pair == fitting), None)
    return CloseForm(given, initial={"outcome": outcome})


def _close_said(doing: Doing, form: CloseForm) -> ActValues:
    classification, reason = OUTCOMES[form.cleaned_data["outcome"]]
    return {
        "classification": classification,
        "reason": reason,
        "comment": form.cleaned_data["comment"],
        "ot_line": ot_line_of(doing.targets.incidents),
        "instead_of": form.cleaned_data["instead_of"],
    }


def closed_as(targets: Targets) -> str:
    """How those of the incidents that are closed were classified, as the form sends it back."""
    closed = [each for each in targets.incidents if each.status == Status.CLOSED]
    return ",".join(sorted({each.classification or NONE for each in closed}))


def _close_deed(form: CloseForm) -> str:
    outcome = OUTCOME_WORDS[form.cleaned_data["outcome"]]
    return gettext("Close as “%(outcome)s”") % {"outcome": outcome}


def _escalated(doing: Doing, form: EscalateForm) -> str:
    leads = leads_of_all(doing.targets.incidents, by=doing.by)
    words = gettext("Escalated: %(what)s") % {"what": doing.targets.words}
    if not leads:
        return words
    names = ", ".join(lead.name for lead in leads)
    return gettext("%(words)s. Notified: %(names)s") % {"words": words, "names": names}


def _assign_said(doing: Doing, form: AssignForm) -> ActValues:
    to = form.cleaned_data["to"]
    return {"to": str(to.uuid) if to else ""}


def _named(sentence: Promise) -> Callable[[Doing, Any], str]:
    return lambda doing, form: str(sentence) % {"what": doing.targets.words}


VERBS: dict[str, Verb] = {
    "assign": Verb(
        gettext_lazy("Assign"),
        gettext_lazy("Assign"),
        "user-plus",
        _assign_form,
        _assign_said,
        _assigned,
        _assign_deed,
    ),
    "severity": Verb(
        gettext_lazy("Change severity"),
        gettext_lazy("Change severity"),
        "sliders-horizontal",
        _severity_form,
        lambda doing, form: {"severity": int(form.cleaned_data["severity"])},
        _rated,
        _severity_deed,
    ),
    "escalate": Verb(
        gettext_lazy("Escalate"),
        gettext_lazy("Escalate"),
        "triangle-alert",
        lambda doing, given: EscalateForm(given),
        lambda doing, form: {"note": form.cleaned_data["note"]},
        _escalated,
    ),
    "close": Verb(
        gettext_lazy("Close"),
        gettext_lazy("Close"),
        "circle-check",
        _close_form,
        _close_said,
        _named(gettext_lazy("Closed: %(what)s")),
        _close_deed,
    ),
    "reopen": Verb(
        gettext_lazy("Reopen"),
        gettext_lazy("Reopen"),
        "undo-2",
        lambda doing, given: ReopenForm(given),
        lambda doing, form: {},
        _named(gettext_lazy("Reopened: %(what)s")),
    ),
    "comment": Verb(
        gettext_lazy("Comment"),
        gettext_lazy("Save comment"),
        "message-square",
        lambda doing, given: CommentForm(given),
        lambda doing, form: {"message": form.cleaned_data["message"]},
        _named(gettext_lazy("Commented: %(what)s")),
    ),
}
