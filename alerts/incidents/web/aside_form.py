"""The form that puts incidents aside: when they are back, unless they change before."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any, override

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.incidents.acts.bulk import ActValues
from alerts.incidents.page.panel import zone_name_of
from alerts.incidents.policies import MAX_ASIDE, max_aside, reasons_against_aside
from alerts.incidents.web.act_form import ActForm
from alerts.incidents.web.targets import Targets
from portal import clock
from portal.accounts.models import User
from portal.formats.moments import in_utc
from portal.ui.moments import READER, moment_words, reader_clock
from portal.ui.words import length

MORNING = 8  # o'clock
OTHER, BACK = "other", "back"
_INPUT = "%Y-%m-%dT%H:%M"  # as `datetime-local` has it


class AsideForm(ActForm):
    """When they are back: in an hour, on a morning, another time, or now where they are aside."""

    title, icon, done = _("Put aside"), "calendar-clock", _("Put aside: %(what)s")
    back_at = forms.CharField(  # `until` is the moment of the form, as of all acts
        label=_("Back when it changes, or"),
        max_length=40,
        error_messages={"required": _("Choose when it is back.")},
    )
    other = forms.CharField(
        label=_("Day and time"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, data: QueryDict | None, *, targets: Targets, by: User) -> None:
        self.now = clock.now()
        self.zone: tzinfo = reader_clock().zone(zone_name_of(targets.incidents) or READER)
        spans = [max_aside(row, now=self.now) for row in targets.incidents]
        # Where an answer is late it is for no time at all: of many, that one is left out.
        self.span = min((span for span in spans if span > timedelta(0)), default=timedelta(0))
        self.choices = list(_choices(self.now.astimezone(self.zone), self.now + self.span))
        self.choices.append((OTHER, gettext("Another time")))
        if any(row.is_aside_at(self.now) for row in targets.incidents):
            self.choices.append((BACK, gettext("Back in the queue now")))
        super().__init__(data, targets=targets, by=by, initial={"back_at": self.choices[0][0]})

    @override
    def clean(self) -> None:
        super().clean()
        word, other = self.cleaned_data.get("back_at"), self.cleaned_data.get("other")
        try:
            if word:
                self.cleaned_data["back_at"] = self._moment(other if word == OTHER else word)
        except (TypeError, ValueError):
            self.add_error("back_at", gettext("Enter a day and a time."))

    def _moment(self, text: str | None) -> datetime | None:
        """Return the moment, on the clock of the form where the text names no other."""
        if text == BACK:
            return None
        moment = datetime.fromisoformat(text or "")
        return in_utc(moment if moment.tzinfo else moment.replace(tzinfo=self.zone))

    @override
    def reasons_against(self) -> list[str]:
        """Many go on without those that must stay; what is put aside can be brought back."""
        rows = self.targets.incidents
        if self.targets.are_many or any(row.is_aside_at(self.now) for row in rows):
            return []
        soon = self.now + timedelta.resolution
        return reasons_against_aside(rows, soon, by=self.by, now=self.now)

    @override
    def context(self) -> dict[str, Any]:
        latest = self.now + self.span
        return {
            "moments": self.choices,
            "earliest": self.now.astimezone(self.zone).strftime(_INPUT),
            "latest": latest.astimezone(self.zone).strftime(_INPUT),
            "at_most": length(self.span) if timedelta(0) < self.span < MAX_ASIDE else "",
        }

    @override
    def values(self) -> ActValues:
        until = self.cleaned_data["back_at"]
        return {"until": until.isoformat() if until else ""}

    @override
    def summary(self) -> str:
        if self.cleaned_data["back_at"] is None:
            return gettext("Back in the queue")
        return gettext("Put aside until %(when)s") % {"when": self._words}

    @override
    def toast(self) -> str:
        words = {"act": self.summary(), "what": self.targets.words}
        return gettext("%(act)s: %(what)s") % words

    @property
    def _words(self) -> str:
        return moment_words(self.cleaned_data["back_at"], self.now, zone=self.zone)


def _choices(local: datetime, latest: datetime) -> Iterator[tuple[str, str]]:
    """The moments worth a click, as values and words, on the clock of `local`."""
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    tomorrow, monday = (morning + timedelta(days=n) for n in (1, 7 - local.weekday()))
    moments = {
        tomorrow: gettext("Tomorrow morning: %(when)s"),
        monday: gettext("Monday: %(when)s"),
        local.replace(second=0, microsecond=0) + timedelta(hours=1): gettext(
            "In an hour: %(when)s"
        ),
    }
    for moment, words in moments.items():
        if moment <= latest:
            when = moment_words(moment, local, zone=local.tzinfo)
            yield moment.isoformat(), words % {"when": when}
