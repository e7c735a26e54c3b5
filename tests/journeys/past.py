"""Three months of a plant, written into its pretend Sentinel: routine with a rhythm, other noise,
and people who closed and judged it.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.incidents.models import DetailsState, Incident, IncidentStatus
from alerts.reviews.services.past_verdicts import PastVerdict, record_past_verdicts
from simulator.clock import iso, to_ticks

PLANT_TIME = ZoneInfo("Europe/Warsaw")
WORKSPACE = "gdansk"
WEEKS = 14
DOWNLOAD, POLLING = "tuesday-download", "historian-polling"
CLOSED = {
    "status": "Closed",
    "classification": "BenignPositive",
    "classificationReason": "SuspiciousButExpected",
    "classificationComment": "Planned work.",
}
_TRIES = 200


def on_tuesday(after, hour=6, minute=10):
    """The next Tuesday at that time on the plant's clock, in UTC, where hours can be counted."""
    local = after.astimezone(PLANT_TIME)
    day = local.date() + timedelta(days=(1 - local.weekday()) % 7)
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=PLANT_TIME)
    if moment <= after:
        return on_tuesday(after + timedelta(days=1), hour, minute)
    return moment.astimezone(UTC)


def days_later(moment, days):
    """The same time of day on the plant's clock, whether or not the clocks changed between."""
    return (moment.astimezone(PLANT_TIME) + timedelta(days=days)).astimezone(UTC)


def clean(plant, kind, at, *, first=0, **options):
    """Options, with a nonce from `first` on, that make this case with one alert for each that was
    asked for, and with no network segment among its entities: nobody explains those, so rules
    rightly leave them to a person.
    """
    n_expected = 1 + len(options.get("also", ()))
    for nonce in range(first, first + _TRIES):
        values = {**options, "nonce": nonce}
        case = plant.make(kind, at=at - timedelta(seconds=5), **values)
        alerts, entities = plant.details(case.recipe)
        if len(alerts) == n_expected and all(entity["kind"] != "OtSegment" for entity in entities):
            return values
    raise AssertionError(f"no clean {kind} among {_TRIES}")


def happened(begin):
    """What happened when, in order: moment, kind, options, whether the desk closed it."""
    events = []
    for week in range(WEEKS):
        tuesday = days_later(begin, 7 * week)
        events.append((tuesday + timedelta(minutes=20), DOWNLOAD, {"destination": "PLC-PL2-07"}))
        if week % 3 == 0:
            events.append(
                (tuesday + timedelta(minutes=40), DOWNLOAD, {"destination": "PLC-PL2-08"})
            )
        if week % 3 != 1:
            polled = days_later(begin, 7 * week + 2 + week % 4) + timedelta(hours=5 * week % 17)
            events.append((polled, POLLING, {"destination": "GW-MOD-03", "source": "HIST-GD-01"}))
        for n in range(3):
            write = days_later(begin, 7 * week + 1 + n) + timedelta(hours=1 + 3 * n)
            made = {"site": "gdansk", "destination": f"PLC-WTP-0{1 + (week + 2 * n) % 7}"}
            events.append((write, "batch-campaign", made))
    return sorted(events, key=lambda event: event[0])


def script_of(plant, begin):
    """The same as events for a simulator. What came is closed by the desk an hour later, save for
    the noise that nobody had time for.
    """
    events = []
    for number, (at, kind, options) in enumerate(happened(begin), 1):
        values = clean(plant, kind, at, **options)
        events.append({"at": _spelled(at), "do": "inject", "kind": kind, "options": values})
        if kind in (DOWNLOAD, POLLING):
            events.append(
                {
                    "at": _spelled(at + timedelta(minutes=5)),
                    "do": "edit",
                    "workspace": WORKSPACE,
                    "incident": str(number),
                    "by": "marta",
                    "properties": CLOSED,
                }
            )
    return {"events": events}


def _spelled(at):
    return iso(to_ticks(at))


def judge(*, people, now):
    """Two people of OT, in turn, have said what the closed incidents were."""
    rows = Incident.objects.filter(status=IncidentStatus.CLOSED, details_state=DetailsState.FETCHED)
    verdicts = []
    for turn, incident in enumerate(rows.order_by("created_at")):
        planned = incident.alert_type == "Unauthorized PLC Programming"
        verdict = "maintenance" if planned else "routine"
        cause = "plc-programming-window" if planned else "mes-historian-tags"
        at = incident.created_at + timedelta(hours=2)
        verdicts.append(PastVerdict(incident.pk, verdict, cause, people[turn % 2], at))
    return record_past_verdicts(verdicts=verdicts, by="tests", now=now)
