"""Facts of this room as sentences."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import get_language, gettext, pgettext

from alerts.incidents.engine import catalogue
from alerts.incidents.models import Incident
from alerts.incidents.wording import seen_before_check
from alerts.reviews.engine.causes import VERDICTS, causes_for
from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.engine.rhythm import Window
from alerts.reviews.models import Verdict
from alerts.reviews.queries import AskPreview, Facts, PatternHistory
from portal.ui.moments import day_of, hours_zone, zone_name
from portal.ui.pieces import Choice
from portal.ui.words import length
from portal.ui.zones import zone_of

type Check = tuple[bool | None, str]


@dataclass(frozen=True, slots=True)
class Reasons:
    """What may be said with one verdict."""

    verdict: str
    field: str
    choices: list[Choice]


def language() -> str:
    """The language of this page."""
    return get_language() or "en"


def headline(incident: Incident) -> str:
    """What happened, in a few words."""
    return catalogue.headline(
        incident.alert_type,
        source=incident.source,
        destination=incident.destination,
        language=language(),
    )


def sentence(incident: Incident) -> str:
    """What happened, in one sentence."""
    return catalogue.sentence(
        incident.alert_type,
        source=incident.source,
        destination=incident.destination,
        language=language(),
    )


def due_words(preview: AskPreview, now: datetime) -> str:
    """By when a question is due, on the plant's clock: 26 Nov, 14:00 CET (in 1 h)."""
    zone = zone_of(preview.site.time_zone) or UTC
    earliest, latest = (
        gettext("%(time)s (in %(length)s)")
        % {
            "time": f"{day_of(at, now.astimezone(zone))}, {at:%H:%M} {zone_name(at)}",
            "length": length(at - now),
        }
        for at in (preview.earliest_due_at.astimezone(zone), preview.latest_due_at.astimezone(zone))
    )
    if earliest == latest:
        return earliest
    return gettext("%(earliest)s to %(latest)s, by severity") % {
        "earliest": earliest,
        "latest": latest,
    }


def reason(cause: str) -> str:
    """The words of a cause."""
    known = cause_of(cause)
    return known.label(language()) if known else cause


def verdict_word(verdict: str) -> str:
    """The words of a verdict."""
    return gettext(Verdict(verdict).label)


def reasons_for(incident: Incident) -> list[Reasons]:
    """The reasons to offer, verdict by verdict."""
    return [
        Reasons(
            verdict,
            f"cause_{verdict}",
            [
                Choice(each.id, each.label(language()), each.help(language()))
                for each in causes_for(incident.alert_type, verdict)
            ],
        )
        for verdict in VERDICTS
    ]


def window_words(window: Window) -> str:
    """Tue 06–08, Mon–Fri 22–24, daily 06–08."""
    names = pgettext("weekdays", "Mon Tue Wed Thu Fri Sat Sun").split()
    days = window.weekdays
    if len(days) == 7:
        when = gettext("daily")
    elif len(days) > 2 and days == tuple(range(days[0], days[-1] + 1)):
        when = f"{names[days[0]]}–{names[days[-1]]}"
    else:
        when = ", ".join(names[day] for day in days)
    return f"{when} {window.start:02d}–{window.end:02d}"


def checks_of(facts: Facts | None, zone: str) -> list[Check]:
    """What speaks for and against, as far as it was computed."""
    if facts is None:
        return [(None, gettext("Details are still being fetched from Sentinel"))]
    checks = [seen_before_check(facts.seen, facts.days)]
    if facts.window is not None and facts.inside is not None:
        words = {"window": f"{window_words(facts.window)} {hours_zone(zone)}".strip()}
        if facts.inside:
            checks.append((True, gettext("Inside the usual %(window)s window") % words))
        else:
            checks.append((False, gettext("Outside the usual %(window)s window") % words))
    if facts.said:
        checks.append(_said(facts.said))
    return checks


@dataclass(frozen=True, slots=True)
class NeutralFact:
    """A fact that speaks neither for nor against."""

    icon: str
    words: str


def neutral_facts_of(facts: Facts | None, incident: Incident, zone: str) -> list[NeutralFact]:
    """The facts that the first person saw, without a mark and without what OT said before."""
    found = []
    if facts is None:
        found.append(NeutralFact("clock", gettext("Details are still being fetched from Sentinel")))
    else:
        found.append(NeutralFact("clock", seen_before_check(facts.seen, facts.days)[1]))
        if facts.window is not None and facts.inside is not None:
            window = f"{window_words(facts.window)} {hours_zone(zone)}".strip()
            sentence = (
                gettext("Inside the usual %(window)s window")
                if facts.inside
                else gettext("Outside the usual %(window)s window")
            )
            found.append(NeutralFact("calendar-clock", sentence % {"window": window}))
    if incident.protocol:
        found.append(NeutralFact("network", incident.protocol))
    return found


def _said(said: PatternHistory) -> Check:
    mix = ", ".join(f"{n}× {verdict_word(verdict)}" for verdict, n in said.counts)
    good = False if said.suspicious else True if said.routine + said.maintenance else None
    return (good, gettext("OT said before: %(mix)s") % {"mix": mix})
