"""What people are told, each in their language: short and plain; links carry no rights."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext

from alerts.incidents.engine.catalogue import headline, sentence
from alerts.incidents.models import Incident
from alerts.incidents.page.panel import members_of, zone_name_of
from alerts.outbox.services import UNDO_HOLD
from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.models import Annotation, Review
from portal.accounts.models import User
from portal.notifications.services import notify
from portal.ui.words import number
from portal.ui.zones import ReaderClock, active

MAX_DATES = 10
type Words = Callable[[str], tuple[str, list[str], str]]  # language → subject, lines, reason


def plant_time(moment: datetime, *, zone: str) -> str:
    """A moment on the plant's clock, with the zone's name."""
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        local = moment
    form = pgettext("date format of mails", "D j M, H:i")
    return f"{date_format(local, form)} {local.tzname()}"


def notify_asked(
    review: Review, *, people: Iterable[User], about: Sequence[Incident], now: datetime
) -> None:
    """Tell everyone who speaks for OT at the site."""

    def words(language: str) -> tuple[str, list[str], str]:
        lines = [
            gettext("%(name)s of the SOC asks OT at %(site)s:")
            % {"name": review.asked_by.name, "site": review.site},
            review.asked,
            "",
            *_facts(review, about, language, now),
        ]
        return _was_this_you(review, language), lines, _because_ot(review)

    deliver(people, kind="reviews.asked", path=_path(review), words=words, now=now, act=review.act)


def notify_handed_over(
    review: Review, *, to: User, by: User, about: Sequence[Incident], note: str, now: datetime
) -> None:
    """Tell the colleague who was pointed to the question."""

    def words(language: str) -> tuple[str, list[str], str]:
        lines = [
            gettext("%(name)s thinks that you can answer this.") % {"name": by.name},
            *([note] if note else []),
            "",
            gettext("%(name)s of the SOC asks:") % {"name": review.asked_by.name},
            review.asked,
            "",
            *_facts(review, about, language, now),
        ]
        return _was_this_you(review, language), lines, _because_ot(review)

    deliver([to], kind="reviews.handed-over", path=_path(review), words=words, now=now)


def notify_answered(
    annotation: Annotation,
    *,
    incident: Incident,
    people: Iterable[User],
    about: Sequence[Incident],
    left: int,
    now: datetime,
) -> None:
    """Tell who asked, and who owns the incident. `left`: how many the question waits on for."""
    zone = zone_name_of(about) or "UTC"
    cause = cause_of(annotation.cause)

    def words(language: str) -> tuple[str, list[str], str]:
        verdict = gettext(annotation.get_verdict_display())
        title = headline_of(incident, language=language)
        subject = gettext("OT says %(verdict)s: %(title)s") % {"verdict": verdict, "title": title}
        reason = cause.label(language) if cause else annotation.cause
        lines = [
            gettext("%(name)s has answered for OT: %(verdict)s, %(reason)s.")
            % {"name": annotation.by.name, "verdict": verdict, "reason": reason},
            *(
                [gettext("Work order %(n)s.") % {"n": annotation.work_order}]
                if annotation.work_order
                else []
            ),
            *([gettext("“%(words)s”") % {"words": annotation.note}] if annotation.note else []),
            "",
            sentence_of(incident, language=language),
            *when_lines(about, zone=zone, now=now),
            *_still_waiting(left),
            gettext("Nothing is closed or suppressed by this answer."),
        ]
        return (
            subject,
            lines,
            gettext("You get this because you asked, or because you own the incident."),
        )

    path = f"/incidents/{incident.pk}/"
    deliver(people, kind="reviews.answered", path=path, words=words, now=now, act=annotation.act)


def _facts(review: Review, about: Sequence[Incident], language: str, now: datetime) -> list[str]:
    where = review.lead.place or review.site.name
    due = plant_time(review.due_at, zone=review.site.time_zone)
    return [
        sentence_of(review.lead, language=language),
        gettext("Where: %(place)s") % {"place": where},
        *when_lines(about, zone=review.site.time_zone, now=now),
        gettext("Please answer by %(time)s.") % {"time": due},
    ]


def when_lines(about: Sequence[Incident], *, zone: str, now: datetime) -> list[str]:
    """When it happened; of several how many there are, and when each did."""
    members = members_of(about, now=now, zone=zone, is_dated=True)
    if members.n < 2:
        return [gettext("When: %(time)s") % {"time": each.happened} for each in members.listed]
    alike = ngettext(
        "It is about %(n)s incident of this kind:",
        "It is about %(n)s incidents of this kind:",
        members.n,
    )
    lines = [f"- {each.happened} ({each.number})" for each in members.listed[:MAX_DATES]]
    if (more := members.n - len(lines)) > 0:
        earlier = ngettext("- and %(n)s earlier one", "- and %(n)s earlier ones", more)
        lines.append(earlier % {"n": number(more)})
    return [alike % {"n": number(members.n)}, *lines]


def _still_waiting(left: int) -> list[str]:
    if not left:
        return []
    words = ngettext(
        "The question is still open for %(n)s other incident.",
        "The question is still open for %(n)s other incidents.",
        left,
    )
    return [words % {"n": number(left)}]


def _was_this_you(review: Review, language: str) -> str:
    return gettext("Was this you? %(title)s") % {
        "title": headline_of(review.lead, language=language)
    }


def _because_ot(review: Review) -> str:
    return gettext("You get this because you speak for OT at %(site)s.") % {"site": review.site}


def _path(review: Review) -> str:
    return f"/reviews/{review.uuid}/"


def headline_of(incident: Incident, *, language: str) -> str:
    """Return what happened in a few words of this language."""
    return headline(
        incident.alert_type,
        source=incident.source,
        destination=incident.destination,
        language=language,
    )


def sentence_of(incident: Incident, *, language: str) -> str:
    """Return what happened in a sentence of this language."""
    return sentence(
        incident.alert_type,
        source=incident.source,
        destination=incident.destination,
        language=language,
    )


def deliver(
    people: Iterable[User],
    *,
    kind: str,
    path: str,
    words: Words,
    now: datetime,
    act: UUID | None = None,
) -> None:
    """Notify each person in their language. With an act it can be taken back for a moment."""
    ordered = sorted(people, key=lambda each: (each.language, each.pk))
    for chosen, group in groupby(ordered, key=lambda each: each.language):
        language = chosen or "en"
        # Not on the clock of whoever writes: the plant's, and its name beside it.
        with translation.override(language), active(ReaderClock()):
            subject, lines, reason = words(language)
            notify(
                people=list(group),
                kind=kind,
                subject=subject,
                body="\n".join(lines),
                path=path,
                reason=reason,
                now=now,
                act=act,
                hold=UNDO_HOLD if act else timedelta(),
            )
