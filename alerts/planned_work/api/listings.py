"""What lists of planned work offer."""

from rest_framework.serializers import (
    CharField,
    ChoiceField,
    DateTimeField,
    IntegerField,
    ListField,
    UUIDField,
)

from alerts.planned_work.engine.kinds import KINDS
from alerts.planned_work.models import PlannedWork
from portal.api.fields import QueryChoices, QueryMoment, QueryText
from portal.api.listing import ListFilter, Listing, ListRow, Order


class PlannedWorkSerializer(ListRow):
    """Planned work, as it is known now; what was entered last comes first. It closes nothing."""

    id = UUIDField(source="work.uuid", help_text="of the work")
    uid = CharField(source="work.uid", help_text="of its calendar")
    state = ChoiceField(
        PlannedWork.State.values, source="work.state", help_text="whether it still takes place"
    )
    site = CharField(source="work.site.name", help_text="name of the site")
    title = CharField(help_text="what is done")
    kind = ChoiceField(list(KINDS), help_text="kind of work")
    zone = CharField(
        allow_null=True, source="zone.name", help_text="the whole zone that it is about"
    )
    starts_local = CharField(
        source="local_start", help_text="the first start, on the clock of its time zone"
    )
    minutes = IntegerField(source="length", help_text="how long it lasts each time")
    time_zone = CharField(help_text="IANA name")
    repeats = CharField(source="rule", help_text="recurrence of RFC 5545; empty for a one-off")
    work_order = CharField(help_text="work order or change number")
    vendor = CharField(help_text="who does it, from outside")
    people = CharField(help_text="who does it, by name")
    known_from = DateTimeField(help_text="since when it says this")
    told_by = CharField(source="by_label", help_text="who said so")
    revision = IntegerField(source="number", help_text="how often it was changed, and one")
    from_devices = ListField(child=CharField(), help_text="at the sending end, as Zone / address")
    to_devices = ListField(child=CharField(), help_text="at the receiving end, as Zone / address")
    devices = ListField(child=CharField(), help_text="at either end, as Zone / address")

    class Meta:
        wide = (
            "from_devices",
            "to_devices",
            "devices",
        )


WORKS = Listing(
    PlannedWorkSerializer,
    Order("known_from", field=QueryMoment()),
    filters=(
        ListFilter(
            "state", QueryChoices(PlannedWork.State.values), "one or several", "work__state__in"
        ),
        ListFilter("site", QueryText(), "name of one site", "work__site__name"),
        ListFilter("kind", QueryChoices(KINDS), "one or several", "kind__in"),
        ListFilter("uid", QueryText(), "of its calendar", "work__uid", indexed=True),
    ),
    reads={
        "minutes": lambda length: int(length.total_seconds() // 60),
    },
)


class PlannedOccurrenceSerializer(ListRow):
    """Times at which planned work takes place, the latest first. One that was extended, done or
    cancelled is listed beside the row that took its place: `known_until` is when it ceased to hold.
    """

    id = UUIDField(source="uuid", help_text="of the occurrence")
    starts_at = DateTimeField(help_text="planned start")
    ends_at = DateTimeField(help_text="planned end; an hour of slack follows")
    known_from = DateTimeField(help_text="since when it was known so")
    stored_at = DateTimeField(
        allow_null=True, help_text="when it came to Tagout; null: when it was known"
    )
    origin = CharField(
        help_text="what known_from rests on: tagout, calendar (its own date of creation) or start"
    )
    known_until = DateTimeField(allow_null=True, help_text="until when; null: still so")
    done_at = DateTimeField(allow_null=True, help_text="when it was said to be done")


OCCURRENCES = Listing(
    PlannedOccurrenceSerializer,
    Order("starts_at"),
    filters=(
        ListFilter("from", QueryMoment(), "begins at or after", "starts_at__gte"),
        ListFilter("to", QueryMoment(), "begins before", "starts_at__lt"),
    ),
)
