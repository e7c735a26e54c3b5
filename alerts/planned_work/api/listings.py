"""What lists of planned work offer."""

from django.db.models import Q

from alerts.planned_work.engine.kinds import KINDS
from alerts.planned_work.models import PlannedWork
from portal.api.kinds import ID, MOMENT, NUMBER, TEXT, one_of
from portal.api.listing import Column, Filter, Listing, Order

KIND = one_of({kind: kind for kind in KINDS})
STATE = one_of({state: state for state in PlannedWork.State.values})

WORKS = Listing(
    "PlannedWork",
    "Planned work, as it is known now; what was told last comes first. It closes nothing.",
    (
        Column("id", ID, "of the work", "work__uuid"),
        Column("uid", TEXT, "of its calendar", "work__uid"),
        Column("state", STATE, "whether it still takes place", "work__state"),
        Column("site", TEXT, "name of the site", "work__site__name"),
        Column("title", TEXT, "what is done"),
        Column("kind", KIND, "kind of work"),
        Column("zone", TEXT.or_null(), "the whole zone that it is about", "zone__name"),
        Column("starts_local", TEXT, "the first start, on the clock of its time zone",
               "local_start"),
        Column("minutes", NUMBER, "how long it lasts each time", "length",
               read=lambda length: int(length.total_seconds() // 60)),
        Column("time_zone", TEXT, "IANA name"),
        Column("repeats", TEXT, "recurrence of RFC 5545; empty for a one-off", "rule"),
        Column("work_order", TEXT, "work order or change number"),
        Column("vendor", TEXT, "who does it, from outside"),
        Column("people", TEXT, "who does it, by name"),
        Column("known_from", MOMENT, "since when it says this"),
        Column("told_by", TEXT, "who said so", "by_label"),
        Column("revision", NUMBER, "how often it was changed, and one", "number"),
        Column("from_devices", TEXT.many(), "at the sending end, as Zone / address", wide=True),
        Column("to_devices", TEXT.many(), "at the receiving end, as Zone / address", wide=True),
        Column("devices", TEXT.many(), "at either end, as Zone / address", wide=True),
    ),
    Order("known_from", kind=MOMENT),
    (
        Filter("state", STATE, "one or several", lambda these: Q(work__state__in=these)),
        Filter("site", TEXT, "name of one site", lambda name: Q(work__site__name=name)),
        Filter("kind", KIND, "one or several", lambda these: Q(kind__in=these)),
        Filter("uid", TEXT, "of its calendar", lambda uid: Q(work__uid=uid), indexed=True),
    ),
)  # fmt: skip

OCCURRENCES = Listing(
    "PlannedOccurrence",
    "Times at which planned work takes place, the latest first. One that was extended, done or "
    "cancelled stands beside the row that took its place: `known_until` says until when it held.",
    (
        Column("id", ID, "of the occurrence", "uuid"),
        Column("starts_at", MOMENT, "planned start"),
        Column("ends_at", MOMENT, "planned end; an hour of slack follows"),
        Column("known_from", MOMENT, "since when it was known so"),
        Column("known_until", MOMENT.or_null(), "until when; null: still so"),
        Column("done_at", MOMENT.or_null(), "when it was said to be done"),
    ),
    Order("starts_at"),
    (
        Filter("from", MOMENT, "begins at or after", lambda at: Q(starts_at__gte=at)),
        Filter("to", MOMENT, "begins before", lambda at: Q(starts_at__lt=at)),
    ),
)  # fmt: skip
