"""Forms of the acts on incidents."""

from typing import Any, override

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.incidents.acts.bulk import ActValues
from alerts.incidents.acts.escalate import MAX_NOTE, escalation_lines, leads_of_all
from alerts.incidents.acts.incident_tasks import MAX_DESCRIPTION, MAX_TITLE
from alerts.incidents.acts.sentinel_comments import ot_line_of
from alerts.incidents.acts.triage import people_for
from alerts.incidents.models import IncidentStatus, OtState, Severity
from alerts.incidents.policies import MAX_MESSAGE_LENGTH, fitting_for
from alerts.incidents.web.act_form import ActForm
from alerts.incidents.web.aside_form import AsideForm
from alerts.incidents.web.targets import Targets
from alerts.incidents.wording import SEVERITY_WORDS, outcome_words
from portal.accounts.models import User

OUTCOMES = {
    "BenignPositive": ("BenignPositive", "SuspiciousButExpected"),
    "TruePositive": ("TruePositive", "SuspiciousActivity"),
    "FalsePositive-logic": ("FalsePositive", "IncorrectAlertLogic"),
    "FalsePositive-data": ("FalsePositive", "InaccurateData"),
    "Undetermined": ("Undetermined", ""),
}
NONE = "-"  # no classification
OUTCOME_WORDS = {key: lazy(outcome_words, str)(*pair) for key, pair in OUTCOMES.items()}


class TaskForm(forms.Form):
    """A new task of an incident."""

    title = forms.CharField(max_length=MAX_TITLE, label=_("What is to be done"))
    description = forms.CharField(
        max_length=MAX_DESCRIPTION,
        required=False,
        widget=forms.Textarea,
        label=_("How, or more about it"),
    )


class AssignForm(ActForm):
    """Whom to give incidents to: somebody who works there, oneself (`me`), or nobody."""

    title, icon = _("Assign"), "user-plus"
    to = forms.CharField(
        label=_("Assign to"),
        required=False,
        widget=forms.Select,
        error_messages={"required": _("Choose a person.")},
    )

    def __init__(self, data: QueryDict | None, *, targets: Targets, by: User) -> None:
        super().__init__(data, targets=targets, by=by)
        self.people = {str(person.uuid): person for person in people_for(targets.incidents)}
        self.fields["to"].widget.choices = [
            ("", _("Choose a person")),
            *((key, person.name) for key, person in self.people.items()),
            ("nobody", _("Nobody")),
        ]

    @property
    @override
    def warns(self) -> bool:
        return bool(self.targets.other_owners(self.by))

    @override
    def context(self) -> dict[str, Any]:
        return {"other_owners": self.targets.other_owners(self.by)}

    def clean_to(self) -> User | None:
        """The person meant; None for nobody."""
        value = self.cleaned_data["to"]
        if value == "nobody":
            return None
        if value != "me" and value not in self.people:
            raise forms.ValidationError(_("Choose a person."))
        return self.by if value == "me" else self.people[value]

    @override
    def values(self) -> ActValues:
        to = self.cleaned_data["to"]
        return {"to": str(to.uuid) if to else ""}

    @override
    def summary(self) -> str:
        to = self.cleaned_data["to"]
        return gettext("Assign to %(name)s") % {"name": to.name} if to else gettext("Unassign")

    @override
    def toast(self) -> str:
        to, what = self.cleaned_data["to"], self.targets.words
        if to is None:
            return gettext("Unassigned: %(what)s") % {"what": what}
        return gettext("Assigned to %(name)s: %(what)s") % {"name": to.name, "what": what}


class SeverityForm(ActForm):
    """How severe it is."""

    title, icon = _("Change severity"), "sliders-horizontal"
    severity = forms.TypedChoiceField(
        label=_("Severity"),
        coerce=lambda value: Severity(int(value)),
        choices=[(value, words) for value, words in SEVERITY_WORDS.items() if value],
        error_messages={"required": _("Choose a severity.")},
    )

    def __init__(self, data: QueryDict | None, *, targets: Targets, by: User) -> None:
        severity = targets.lead.severity
        initial = {"severity": None if severity == Severity.UNKNOWN else severity}
        super().__init__(data, targets=targets, by=by, initial=initial)

    @override
    def values(self) -> ActValues:
        return {"severity": int(self.cleaned_data["severity"])}

    @override
    def summary(self) -> str:
        return gettext("Change severity to %(word)s") % {"word": self._word}

    @override
    def toast(self) -> str:
        words = {"word": self._word, "what": self.targets.words}
        return gettext("Severity set to %(word)s: %(what)s") % words

    @property
    def _word(self) -> Promise:
        return SEVERITY_WORDS[self.cleaned_data["severity"]]


class CloseForm(ActForm):
    """How it ended, in Sentinel's terms."""

    title, icon, done = _("Close"), "circle-check", _("Closed: %(what)s")
    outcome = forms.ChoiceField(
        label=_("Classification and reason"),
        choices=list(OUTCOME_WORDS.items()),
        error_messages={"required": _("Choose how it ended.")},
    )
    comment = forms.CharField(
        label=_("Closing comment"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    instead_of = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, targets: Targets, by: User) -> None:
        states = {row.ot_state for row in targets.incidents}
        fitting = fitting_for(states.pop()) if len(states) == 1 else ("", "")
        outcome = next((key for key, pair in OUTCOMES.items() if pair == fitting), None)
        super().__init__(data, targets=targets, by=by, initial={"outcome": outcome})

    def clean_instead_of(self) -> list[str]:
        """The classifications that were on the form; `-` is none."""
        value: str = self.cleaned_data["instead_of"]
        return ["" if word == NONE else word for word in value.split(",") if word]

    @override
    def context(self) -> dict[str, Any]:
        incidents = self.targets.incidents
        closed = [row for row in incidents if row.status == IncidentStatus.CLOSED]
        return {
            "ot_line": ot_line_of(incidents, ids=self.targets.ids),
            "closed_as": ",".join(sorted({row.classification or NONE for row in closed})),
            "unanswered": self.targets.count(OtState.WAITING),
            "suspicious": self.targets.count(OtState.SUSPICIOUS),
            "other_owners": self.targets.other_owners(self.by),
        }

    @property
    @override
    def warns(self) -> bool:
        grave = (OtState.WAITING, OtState.SUSPICIOUS)
        is_grave = any(row.ot_state in grave for row in self.targets.incidents)
        return is_grave or bool(self.targets.other_owners(self.by))

    @override
    def values(self) -> ActValues:
        classification, reason = OUTCOMES[self.cleaned_data["outcome"]]
        return {
            "classification": classification,
            "reason": reason,
            "comment": self.cleaned_data["comment"],
            "ot_line": ot_line_of(self.targets.incidents, ids=self.targets.ids),
            "instead_of": self.cleaned_data["instead_of"],
        }

    @override
    def summary(self) -> str:
        outcome = OUTCOME_WORDS[self.cleaned_data["outcome"]]
        return gettext("Close as “%(outcome)s”") % {"outcome": outcome}


class EscalateForm(ActForm):
    """What the lead should know."""

    title, icon, done = _("Escalate"), "triangle-alert", _("Escalated: %(what)s")
    note = forms.CharField(
        label=_("Note to the lead"),
        required=False,
        max_length=MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @override
    def context(self) -> dict[str, Any]:
        return {"effects": escalation_lines(self.targets.incidents, by=self.by)}

    @override
    def toast(self) -> str:
        words, leads = super().toast(), leads_of_all(self.targets.incidents, by=self.by)
        if not leads:
            return words
        names = ", ".join(lead.name for lead in leads)
        return gettext("%(words)s. Notified: %(names)s") % {"words": words, "names": names}


class ReopenForm(ActForm):
    """Where a rule closed, the form names it and asks whether it was real: unless it was routine,
    the rule stops for everybody.
    """

    title, icon, done = _("Reopen"), "undo-2", _("Reopened: %(what)s")
    was_real = forms.ChoiceField(
        label=_("Was it real?"),
        required=False,
        choices=[
            ("yes", _("Yes, or it may be")),
            ("not-sure", _("Not sure")),
            ("no", _("No, it was routine")),
        ],
    )

    @property
    @override
    def warns(self) -> bool:
        """A rule that closed one of them stops for everybody."""
        return bool(self._rules())

    @override
    def context(self) -> dict[str, Any]:
        """The rules that stop."""
        rules = self._rules()
        return {"stopping": ", ".join(rules), "n_stopping": len(rules)}

    def clean_was_real(self) -> str:
        """The answer; required where a rule would stop."""
        answer: str = self.cleaned_data["was_real"]
        if not answer and self._rules():
            raise forms.ValidationError(gettext("Say whether it was real."))
        return answer

    @property
    @override
    def changes_nothing(self) -> bool:
        """What was routine stays closed, and its rule goes on."""
        return bool(self.cleaned_data["was_real"] == "no")

    @override
    def values(self) -> ActValues:
        answer = self.cleaned_data["was_real"]
        return {"because": f"was-real:{answer}"} if answer else {}

    @override
    def toast(self) -> str:
        rules = self._rules()
        if not rules:
            return super().toast()
        words = {"rules": ", ".join(rules), "what": self.targets.words}
        if self.changes_nothing:
            return gettext("Left closed: %(what)s. %(rules)s goes on.") % words
        return gettext("Reopened: %(what)s. %(rules)s stops for everybody.") % words

    def _rules(self) -> list[str]:
        rules = {row.closed_by for row in self.targets.incidents if row.closed_by}
        return sorted(rules, key=lambda rule: (len(rule), rule))  # R-2 before R-10


class CommentForm(ActForm):
    """Words for Sentinel's readers too."""

    title, icon, done = _("Comment"), "message-square", _("Commented: %(what)s")
    button = _("Save comment")
    message = forms.CharField(
        label=_("Comment"),
        max_length=MAX_MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write a comment first.")},
    )


ACT_FORMS: dict[str, Any] = {  # by the verb in the address
    "assign": AssignForm,
    "severity": SeverityForm,
    "escalate": EscalateForm,
    "close": CloseForm,
    "reopen": ReopenForm,
    "comment": CommentForm,
    "aside": AsideForm,
}
