"""The verbs of the act pages: which incidents are meant, what each verb asks, does and tells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from alerts.incidents.acts.bulk import ActValues
from alerts.incidents.acts.escalate import leads_of_all
from alerts.incidents.acts.triage import ot_line_of, people_for
from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.engine.closing import fitting_for
from alerts.incidents.models import Incident, Severity, Status
from alerts.incidents.page.panel import number_of, zone_name_of
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.queue.queries import CLOSED, Queue, asked_for
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
from alerts.incidents.wording import SEVERITY_WORDS
from portal.accounts.models import User
from portal.moments import read_moment
from portal.ui.words import number
from portal.ui.zones import READER, reader_clock

NAMES = ("group", "incident", "all")  # how an address names them
AT_ONCE = 50  # incidents that one request acts on; more are a bulk act
MAX_INCIDENTS = 5000  # incidents in one act


@dataclass(frozen=True, slots=True)
class Targets:
    """The incidents meant, newest first, and how the form names them again."""

    incidents: Sequence[Incident]
    fields: tuple[tuple[str, str], ...]
    is_cut: bool = False  # there are more than one act takes

    @property
    def are_many(self) -> bool:
        """Whether they are too many to act on at once."""
        return len(self.incidents) > AT_ONCE

    @property
    def lead(self) -> Incident:
        """The one that stands for all."""
        return self.incidents[0]

    @property
    def ids(self) -> list[int]:
        """Their ids."""
        return [each.pk for each in self.incidents]

    @property
    def words(self) -> str:
        """What the act is about, short enough for a toast."""
        kinds = {(each.alert_type, each.source, each.destination) for each in self.incidents}
        n = len(self.incidents)
        if len(kinds) > 1:
            return ngettext("%(n)s incident", "%(n)s incidents", n) % {"n": number(n)}
        title = bare_title(self.lead.title)
        if n == 1:
            return f"{number_of(self.lead)} {title}"
        return gettext("%(title)s ×%(n)s") % {"title": title, "n": number(n)}


def targets_of(given: QueryDict, user: User) -> Targets:
    """Read the targets within the person's reach. 404 where there are none."""
    try:
        wanted, fields = _all_of(given, user) if given.get("all") else _picked(given)
    except ValueError:
        raise Http404 from None
    rows = incidents_visible_to(user).filter(wanted).select_related("workspace__organisation")
    incidents = list(rows.order_by("-created_at", "-pk")[: MAX_INCIDENTS + 1])
    if not incidents:
        raise Http404
    return Targets(incidents[:MAX_INCIDENTS], fields, is_cut=len(incidents) > MAX_INCIDENTS)


def _picked(given: QueryDict) -> tuple[Q, tuple[tuple[str, str], ...]]:
    keys, ids = given.getlist("group"), given.getlist("incident")
    wanted = Q(group_key__in=[UUID(key) for key in keys]) if keys else Q(pk__in=[])
    wanted |= Q(pk__in=[int(each) for each in ids])
    return wanted, (*(("group", key) for key in keys), *(("incident", each) for each in ids))


def _all_of(given: QueryDict, user: User) -> tuple[Q, tuple[tuple[str, str], ...]]:
    """What came in later than the moment is not meant: nobody has seen it in that number."""
    until = read_moment(given.get("until", ""))
    asked = asked_for(given.get("view", ""), given.get("q", ""))
    if asked.view == CLOSED:
        raise ValueError(asked.view)
    rows = Queue(user, asked, now=until).rows(asked.view, asked.terms)
    wanted = Q(group_key__in=rows.order_by().values("key"), stored_at__lte=until)
    said = {"all": "1", "view": asked.view, "q": asked.query, "until": until.isoformat()}
    return wanted, tuple(said.items())


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
