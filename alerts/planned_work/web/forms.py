"""The form of planned work. It only reads; the service explains what makes no sense."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.engine.recurrence import Schedule
from alerts.planned_work.models import NamedDevice, Revision, WorkKind
from alerts.planned_work.services.plan import WorkPlan, devices_named
from alerts.sites.models import Site, Zone

_LOCAL = "%Y-%m-%dT%H:%M"
MAX_NAMES = 10_000  # characters of a list of devices
REPEATS = (
    ("", _("once")),
    ("FREQ=DAILY", _("every day")),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", _("every working day")),
    ("FREQ=WEEKLY", _("every week")),
    ("FREQ=WEEKLY;INTERVAL=2", _("every second week")),
    ("FREQ=MONTHLY", _("every month")),
)
FOLDED = ("from_names", "to_names", "zone", "rule", "work_order", "vendor", "people")
_SIDES = (("from_names", WorkSide.FROM), ("to_names", WorkSide.TO), ("any_names", WorkSide.ANY))


def _names(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=MAX_NAMES,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )


class PlantTimeField(forms.DateTimeField):
    """A moment on the clock of the plant, whatever zone the process runs in."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL)

    def to_python(self, value: Any) -> Any:
        """Return the moment as it was typed."""
        for form in (_LOCAL, "%Y-%m-%d %H:%M"):
            try:
                return datetime.strptime(str(value), form)  # noqa: DTZ007  # on the plant's clock
            except ValueError:
                continue
        if value in self.empty_values:
            return None
        raise forms.ValidationError(gettext("Enter a day and a time."))


class ZoneField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes none at run time
    """A zone of the site that the form is about."""

    def label_from_instance(self, obj: Zone) -> str:
        """Return its name, without the site."""
        return obj.name


class WorkForm(forms.Form):
    """What is done, when, by whom, and on which devices."""

    title = forms.CharField(label=_("What is done"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind of work"), choices=WorkKind.choices)
    starts = PlantTimeField(label=_("Starts"))
    ends = PlantTimeField(label=_("Ends"))
    repeats = forms.ChoiceField(label=_("Repeats"), choices=REPEATS, required=False)
    rule = forms.CharField(
        label=_("Another recurrence"),
        required=False,
        max_length=300,
        help_text=_("As calendars write it (RFC 5545), such as FREQ=WEEKLY;INTERVAL=2;BYDAY=TU."),
    )
    any_names = _names(_("Devices"))
    from_names = _names(_("Only from these devices"))
    to_names = _names(_("Only to these devices"))
    zone = ZoneField(label=_("A whole zone"), queryset=Zone.objects.none(), required=False)
    work_order = forms.CharField(label=_("Work order"), required=False, max_length=60)
    vendor = forms.CharField(label=_("Vendor"), required=False, max_length=120)
    people = forms.CharField(label=_("People"), required=False, max_length=200)

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site = site
        field = self.fields["zone"]
        assert isinstance(field, ZoneField)
        field.queryset = Zone.objects.filter(site=site).order_by("name")
        field.empty_label = gettext("no whole zone")

    @property
    def has_more(self) -> bool:
        """Whether a field that the page folds has a value or a fault."""
        return any(self[name].value() or self[name].errors for name in FOLDED)

    def clean(self) -> dict[str, Any]:
        """Look the devices up at the site."""
        values = super().clean() or {}
        devices = []
        for name, side in _SIDES:
            found, reasons = devices_named(values.get(name, ""), site=self.site, side=side)
            devices += found
            for reason in reasons:
                self.add_error(name, reason)
        values["devices"] = tuple(devices)
        return values

    def plan(self, *, of: Revision | None = None) -> WorkPlan:
        """Return the plan of a valid form. `of`: what it changes keeps its single dates."""
        values = self.cleaned_data
        starts, ends = values["starts"], values["ends"]
        old = of.schedule if of is not None else None
        return WorkPlan(
            title=values["title"],
            kind=values["kind"],
            schedule=Schedule(
                starts,
                ends - starts,
                self.site.time_zone,
                values["rule"] or values["repeats"],
                also=old.also if old else (),
                except_at=old.except_at if old else (),
                moved=old.moved if old else (),
            ),
            devices=values["devices"],
            zone_id=values["zone"].pk if values["zone"] else None,
            work_order=values["work_order"],
            vendor=values["vendor"],
            people=values["people"],
        )


def initial_of(revision: Revision, devices: Iterable[NamedDevice]) -> dict[str, Any]:
    """Return what a form shows of a revision. Devices are written with their zone, so that each is
    found again.
    """
    names: dict[str, list[str]] = {"from": [], "to": [], "any": []}
    for device in devices:
        names[device.side].append(f"{device.zone.name} / {device.address}")
    schedule, presets = revision.schedule, {value for value, _label in REPEATS}
    return {
        "title": revision.title,
        "kind": revision.kind,
        "starts": schedule.starts_at.strftime(_LOCAL),
        "ends": (schedule.starts_at + schedule.length).strftime(_LOCAL),
        "repeats": revision.rule if revision.rule in presets else "",
        "rule": "" if revision.rule in presets else revision.rule,
        "from_names": ", ".join(names["from"]),
        "to_names": ", ".join(names["to"]),
        "any_names": ", ".join(names["any"]),
        "zone": revision.zone_id,
        "work_order": revision.work_order,
        "vendor": revision.vendor,
        "people": revision.people,
    }


def usual_times(now: datetime) -> dict[str, str]:
    """Return the times that a new form begins with: the next full hour, for two hours."""
    begin = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return {
        "starts": begin.strftime(_LOCAL),
        "ends": (begin + timedelta(hours=2)).strftime(_LOCAL),
    }
