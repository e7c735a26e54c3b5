"""A candidate in the words of a page."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from alerts.incidents.engine import catalogue
from alerts.patterns.models import Candidate, State
from alerts.patterns.policies import may_decide, obstacles_of
from alerts.patterns.web.rhythm import clock_words, rhythm_words, strip
from alerts.reviews.engine.causes import cause as cause_of
from alerts.suppression.engine.bound import MIN_JUDGED
from alerts.suppression.reads.bound_sentence import bound_sentence
from portal.accounts.models import User
from portal.ui.words import hours, number
from portal.ui.zones import READER


@dataclass(frozen=True, slots=True)
class Shown:
    """One candidate as the list and its page show it."""

    it: Candidate
    headline: str
    ends: str
    place: str
    zone: str  # of its plant's clock
    clock: str  # on which its hours are
    counted: str
    seen: str
    worth: str
    rhythm: SafeString
    rhythm_words: str
    outside: str
    verdicts: Mapping[str, int]
    confidence: str
    why: str
    cause: str
    cannot: list[str]
    way_out: str
    may_decide: bool
    is_open: bool


def shown(row: Candidate, person: User, *, is_open: bool = True) -> Shown:
    """Everything that is said of a candidate."""
    zone = row.site.time_zone if row.site else READER
    when = rhythm_words(row.window, zone)
    counted = ngettext("%(n)s incident", "%(n)s incidents", row.incidents) % {
        "n": number(row.incidents)
    }
    days = ngettext("on %(n)s day", "on %(n)s days", row.days_seen) % {"n": number(row.days_seen)}
    known = cause_of(row.cause) if row.cause else None
    return Shown(
        it=row,
        headline=headline(row),
        ends=_ends(row),
        place=row.site.name if row.site else row.workspace.name,
        zone=zone,
        clock=clock_words(zone),
        counted=counted,
        seen=days,
        worth=_worth(row),
        rhythm=strip(row.rhythm, f"{counted} {days}. {when}."),
        rhythm_words=when,
        outside=_outside(row.outside),
        verdicts=row.verdicts if any(row.verdicts.values()) else {},
        confidence=_confidence(row),
        why=_why(row),
        cause=known.label(get_language() or "en") if known else "",
        cannot=obstacles_of(row.cannot),
        way_out=_way_out([code for code, _ in row.cannot]),
        may_decide=may_decide(row, by=person),
        is_open=is_open,
    )


def headline(row: Candidate) -> str:
    """What happens, in a few words."""
    parts = row.parts
    named = [*parts.devices, *parts.addresses]
    return catalogue.headline(
        row.alert_type,
        source=parts.source or ", ".join(named[:3]),
        destination=parts.destination,
        language=get_language() or "en",
    )


def _ends(row: Candidate) -> str:
    """Who talks to whom; without direction, all that is named."""
    parts = row.parts
    if parts.source or parts.destination:
        return " → ".join(filter(None, (parts.source, parts.destination)))
    return ", ".join((*parts.devices, *parts.addresses))


def _worth(row: Candidate) -> str:
    if row.minutes_month is None:
        return ""
    return gettext("saves %(work)s a month") % {"work": hours(row.minutes_month)}


def _confidence(row: Candidate) -> str:
    if not row.judged:
        return gettext("Nobody from OT has judged it yet.")
    return bound_sentence(row.suspicious, row.judged)


def _why(row: Candidate) -> str:
    """On what that rests, or what would tell more."""
    if not row.judged:
        return gettext("Ask OT about one of its incidents; every answer counts once.")
    if row.judged < MIN_JUDGED:
        return gettext("Ask OT about more of its incidents.")
    return gettext("With 95 % confidence.")


def _outside(said: Mapping[str, int]) -> str:
    """What was no routine outside its hours, and so stays with people."""
    positives, suspicious = said.get("true_positive", 0), said.get("suspicious", 0)
    told = []
    if positives:
        told.append(
            ngettext("%(n)s true positive", "%(n)s true positives", positives)
            % {"n": number(positives)}
        )
    if suspicious:
        told.append(ngettext("%(n)s suspicious verdict", "%(n)s suspicious verdicts", suspicious)
                    % {"n": number(suspicious)})  # fmt: skip
    if not told:
        return ""
    return gettext("Outside these hours: %(what)s.") % {"what": ", ".join(told)}


def _way_out(codes: list[str]) -> str:
    """What could be done about it, for the first reason that has such a way."""
    ways = {
        "suspicious": gettext(
            "If that was a mistake, a second person from OT can correct the verdict; or write a "
            "rule by hand that leaves it out."
        ),
        "true_positive": gettext("Only a narrower rule, written by hand, can leave it out."),
        "box.hours": gettext(
            "It has no weekly hours of its own; write a rule by hand with the hours in which it"
            " is allowed."
        ),
        "never.type": gettext("This type always reaches a person."),
        "never.asset": gettext("Safety systems and crown jewels always reach a person."),
        "wide.asset": gettext(
            "Its alerts name no device, address or sensor that a rule could be tied to."
        ),
    }
    return next((ways[code] for code in codes if code in ways), "")


def state_words(row: Candidate) -> str:
    """What people made of it, empty where nobody decided."""
    return {
        State.REJECTED: gettext("Rejected: %(reason)s") % {"reason": row.state_reason},
        State.HAS_RULE: gettext("%(rule)s was made from it.")
        % {"rule": row.rule.label if row.rule else ""},
    }.get(State(row.state), "")
