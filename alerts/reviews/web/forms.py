"""Forms of asking and answering, the incidents that an answer may be about, and “planned until”.
Forms only read; the services return what is missing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts.incidents.models import Incident
from alerts.incidents.page.panel import happened_at_words
from alerts.incidents.wording import number_words
from alerts.planned_work.services.plan import CannotPlanWork
from alerts.reviews.engine.question import QuestionText
from alerts.reviews.models import READY, Verdict, VerdictKind
from alerts.reviews.policies import MAX_QUESTION_LENGTH
from alerts.reviews.services.planned_until import PLANNED_CAUSE
from portal.accounts.models import User
from portal.formats.moments import in_utc
from portal.ui.moments import day_of, period_words, reader_clock, zone_of
from portal.ui.pieces import Choice
from portal.ui.words import number

MAX_SINGLE = 12  # incidents listed one by one
MAX_SHOWN = 4  # rows in sight; the others fold out
FIELD = "incident"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One thing to tick: an incident, or all of a day."""

    ids: tuple[int, ...]
    when: str
    what: str
    is_ticked: bool

    @property
    def value(self) -> str:
        """What the form sends for it."""
        return ",".join(map(str, self.ids))


@dataclass(frozen=True, slots=True)
class Occasions:
    """All of it: how many incidents, from when to when, and what can be ticked, newest first."""

    n: int
    span: str
    rows: Sequence[Occasion]

    @property
    def shown(self) -> Sequence[Occasion]:
        """Those in sight."""
        return self.rows if len(self.rows) <= MAX_SHOWN + 1 else self.rows[:MAX_SHOWN]

    @property
    def folded(self) -> Sequence[Occasion]:
        """The others."""
        return self.rows[len(self.shown) :]


def occasions_of(
    incidents: Iterable[Incident], *, ticked: Collection[int] | None, now: datetime, zone: str
) -> Occasions:
    """Return what can be ticked. `ticked`: what a form that comes back had; None for all."""
    ordered = sorted(
        incidents, key=lambda incident: (incident.active_until, incident.pk), reverse=True
    )
    if not ordered:
        return Occasions(0, "", ())
    first, latest = min(incident.active_from for incident in ordered), ordered[0].active_until
    single = len(ordered) <= MAX_SINGLE
    rows = _singly(ordered, ticked, now, zone) if single else _by_day(ordered, ticked, now, zone)
    return Occasions(len(ordered), period_words(first, latest, now, zone), rows)


def ids_in(values: Iterable[str]) -> list[int]:
    """Read what was ticked. What no form of ours sends is left out."""
    parts = [part for value in values for part in value.split(",")]
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 19]


def _singly(
    incidents: Sequence[Incident], ticked: Collection[int] | None, now: datetime, zone: str
) -> list[Occasion]:
    return [
        Occasion(
            (incident.pk,),
            happened_at_words(incident, now, zone),
            number_words(incident.number, incident.pk),
            ticked is None or incident.pk in ticked,
        )
        for incident in incidents
    ]


def _by_day(
    incidents: Sequence[Incident], ticked: Collection[int] | None, now: datetime, zone: str
) -> list[Occasion]:
    clock = reader_clock().zone(zone)
    days: dict[date, list[Incident]] = defaultdict(list)
    for incident in incidents:
        days[incident.active_until.astimezone(clock).date()].append(incident)
    return [_day(of_day, ticked, now.astimezone(clock)) for of_day in days.values()]


def _day(
    incidents: Sequence[Incident], ticked: Collection[int] | None, today: datetime
) -> Occasion:
    ids = tuple(incident.pk for incident in incidents)
    n = len(ids)
    what = ngettext("%(n)s incident", "%(n)s incidents", n) % {"n": number(n)}
    when = day_of(incidents[0].active_until.astimezone(today.tzinfo), today)
    return Occasion(ids, when, what, ticked is None or any(pk in ticked for pk in ids))


DONE_BY = (
    ("our-team", _("Our team")),
    ("vendor", _("Vendor")),
    ("automation", _("Automation")),
)
# With the longest ready question before them they still fit into a question.
OVER = "over"
MAX_OWN_WORDS = MAX_QUESTION_LENGTH - max(len(question) for question in READY) - 1


class VerdictForm(forms.Form):
    """OT's answer. Reasons of each verdict have a field of their own, so that the browser needs
    no script to show the right ones; only those of the chosen verdict are read.
    """

    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "invalid": _("This form is damaged. Open the page again."),
            "required": _("This form is damaged. Open the page again."),
        },
    )
    verdict = forms.CharField(required=False, max_length=20)
    cause = forms.CharField(required=False, max_length=60)
    why = forms.CharField(required=False, label=_("What makes you think so?"), strip=True)
    work_order = forms.CharField(
        required=False, max_length=60, label=_("Work order or change number")
    )
    done_by = forms.ChoiceField(required=False, choices=DONE_BY, label=_("Who did it"))
    until = forms.CharField(required=False, max_length=40)  # "over", or a moment
    until_other = forms.CharField(
        required=False,
        max_length=40,
        label=_("Planned until another time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    vendor = forms.CharField(required=False, max_length=120, label=_("Vendor"))
    note = forms.CharField(
        required=False, label=_("Note for the SOC"), widget=forms.Textarea(attrs={"rows": 2})
    )

    until_text, vendor_text = "", ""  # of planned work that a valid form tells of

    def clean(self) -> dict[str, Any]:
        """Read the reason that belongs to the verdict, and one note."""
        values = super().clean() or {}
        verdict = values.get("verdict", "")
        values["cause"] = values.get("cause") or self.data.get(f"cause_{verdict}", "")
        until, other = values.pop("until", ""), values.pop("until_other", "")
        self.until_text = (other or until) if verdict == "maintenance" and until != OVER else ""
        self.vendor_text = values.pop("vendor", "")
        if verdict == "maintenance" and (until or other):
            values["cause"] = values["cause"] or PLANNED_CAUSE
        if verdict in VerdictKind.values and not values["cause"]:
            self.add_error("cause", gettext("Choose a reason."))
        why = values.pop("why", "") if verdict == "suspicious" else ""
        values.pop("why", None)
        values["latest_answer"] = self.data.get("seen")
        values["incident_ids"] = ids_in(self.ticked)
        if self.data.get("dates") and not values["incident_ids"]:
            self.add_error(None, _("Tick at least one date that your answer is about."))
        values["note"] = "\n".join(part for part in (why, values.get("note", "")) if part)
        return values

    @property
    def ticked(self) -> list[str]:
        """What was ticked of the dates, as it was sent."""
        return self.data.getlist(FIELD) if isinstance(self.data, QueryDict) else []

    def done_by_choices(self) -> Iterable[Choice]:
        """Who did it, as pills."""
        return [Choice(value, str(label)) for value, label in DONE_BY]


class AskForm(forms.Form):
    """A question to OT of one site: one of three, one's own words, or both."""

    site = forms.IntegerField(required=False)
    canned = forms.CharField(required=False)
    question = forms.CharField(
        required=False,
        label=_("In your own words"),
        help_text=_("OT gets these words together with the question you chose above."),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": MAX_OWN_WORDS}),
    )

    def clean(self) -> dict[str, Any]:
        """The ready question and one's own words are one question."""
        values = super().clean() or {}
        ready = values.get("canned", "")
        own = values.get("question", "").strip()
        values["question"] = QuestionText(ready if ready in READY else "", own).text
        return values


class HandOverForm(forms.Form):
    """To whom, and a line for them."""

    to = forms.ModelChoiceField(queryset=User.objects.none(), required=False, label=_("To"))
    note = forms.CharField(required=False, max_length=300, label=_("A line for them"))

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=[person.pk for person in people]).order_by(
            "name"
        )
        field.empty_label = None


class DecisionForm(forms.Form):
    """What a lead decides about a suspicion, and why."""

    choice = forms.CharField(required=False)
    reason = forms.CharField(
        required=False, label=_("Why?"), widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500})
    )
    verdict = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        """The reason is in the lead's own words; none of the ready ones is asked for."""
        values = super().clean() or {}
        return values | {"cause": "other" if values.get("verdict") else ""}


_STEPS = (timedelta(hours=2), timedelta(hours=4))


def until_choices(time_zone: str, *, now: datetime) -> list[Choice]:
    """Return that it is over, and two full hours on the clock of the plant."""
    local = now.astimezone(zone_of(time_zone))
    hours = [(local + step).replace(minute=0, second=0, microsecond=0) for step in _STEPS]
    return [
        Choice(OVER, gettext("It is over")),
        *(Choice(hour.isoformat(), f"{hour:%H:%M}") for hour in hours),
    ]


def read_due_moment(text: str, verdict: Verdict) -> datetime:
    """Return the moment that was chosen; without an offset it is on the clock of the plant."""
    try:
        until = datetime.fromisoformat(text)
        if until.tzinfo is None:
            sites = verdict.alerts.exclude(site=None)
            names = set(sites.values_list("site__time_zone", flat=True))
            until = until.replace(tzinfo=zone_of(min(names, default="UTC")))
        return in_utc(until)
    except ValueError:
        raise CannotPlanWork(gettext("Enter a day and a time.")) from None
