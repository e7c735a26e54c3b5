"""Notifications about questions, answers and second opinions, each in its reader's language. Links
carry no rights; who is asked for a second opinion reads nothing that leads.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext, ngettext, pgettext

from alerts import notification_kinds as kinds
from alerts.incidents.models import Incident
from alerts.incidents.page.panel import members_of, zone_name_of
from alerts.incidents.wording import headline_of, sentence_of
from alerts.outbox.services.enqueue import UNDO_HOLD
from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.models import Opinion, Question, SecondOpinion, Verdict
from alerts.reviews.policies import leads_of
from portal.accounts.models import User
from portal.notifications.services import Wording, notify_people
from portal.ui.words import number

MAX_DATES = 10
MAX_ASKED = 100  # characters of a question in a subject
_notify = partial(notify_people, hold=UNDO_HOLD)


def plant_time_words(moment: datetime, *, zone: str) -> str:
    """A moment on the plant's clock, with the zone's name."""
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        local = moment
    form = pgettext("date format of mails", "D j M, H:i")
    return f"{date_format(local, form)} {local.tzname()}"


def notify_asked(
    question: Question, *, people: Iterable[User], about: Sequence[Incident], now: datetime
) -> None:
    """Notify all OT people of the site."""

    def wording() -> tuple[str, list[str]]:
        lines = [
            gettext("%(name)s of the SOC asks OT at %(site)s:")
            % {"name": question.asked_by.name, "site": question.site},
            question.asked,
            "",
            *_facts(question, about, now),
        ]
        return _asked_about(question), lines

    _notify(
        people,
        kind=kinds.OT_ASKED,
        wording=wording,
        path=_path(question),
        now=now,
        names={"site": question.site},
        act=question.act,
    )


def notify_handed_over(
    question: Question, *, to: User, by: User, about: Sequence[Incident], note: str, now: datetime
) -> None:
    """Notify the colleague who was pointed to the question."""

    def wording() -> tuple[str, list[str]]:
        lines = [
            gettext("%(name)s thinks that you can answer this.") % {"name": by.name},
            *([note] if note else []),
            "",
            gettext("%(name)s of the SOC asks:") % {"name": question.asked_by.name},
            question.asked,
            "",
            *_facts(question, about, now),
        ]
        return _asked_about(question), lines

    _notify(
        [to],
        kind=kinds.QUESTION_HANDED_OVER,
        wording=wording,
        path=_path(question),
        now=now,
        names={"site": question.site},
        act=question.act,
    )


def notify_answered(
    verdict: Verdict,
    *,
    incident: Incident,
    people: Iterable[User],
    about: Sequence[Incident],
    left: int,
    now: datetime,
) -> None:
    """Notify who asked, and who owns the incident. `left`: how many the question waits on for."""
    zone = zone_name_of(about) or "UTC"
    cause = cause_of(verdict.cause)

    def wording() -> tuple[str, list[str]]:
        word = gettext(verdict.get_kind_display())
        title = headline_of(incident)
        subject = gettext("OT says %(verdict)s: %(title)s") % {"verdict": word, "title": title}
        reason = cause.label(get_language() or "en") if cause else verdict.cause
        lines = [
            gettext("%(name)s has answered for OT: %(verdict)s, %(reason)s.")
            % {"name": verdict.by.name, "verdict": word, "reason": reason},
            *(
                [gettext("Work order %(n)s.") % {"n": verdict.work_order}]
                if verdict.work_order
                else []
            ),
            *([gettext("“%(words)s”") % {"words": verdict.note}] if verdict.note else []),
            "",
            sentence_of(incident),
            *when_lines(about, zone=zone, now=now),
            *_still_waiting(left),
            gettext("Nothing is closed or suppressed by this answer."),
        ]
        return subject, lines

    path = f"/incidents/{incident.pk}/"
    _notify(people, kind=kinds.OT_ANSWERED, wording=wording, path=path, now=now, act=verdict.act)


def _facts(question: Question, about: Sequence[Incident], now: datetime) -> list[str]:
    where = question.lead.place or question.site.name
    due = plant_time_words(question.due_at, zone=question.site.time_zone)
    return [
        sentence_of(question.lead),
        gettext("Where: %(place)s") % {"place": where},
        *when_lines(about, zone=question.site.time_zone, now=now),
        gettext("Please answer by %(time)s.") % {"time": due},
    ]


def when_lines(about: Sequence[Incident], *, zone: str, now: datetime) -> list[str]:
    """When it happened; of several how many there are, and when each did."""
    members = members_of(about, now=now, zone=zone, is_dated=True)
    if members.n < 2:
        return [gettext("When: %(time)s") % {"time": member.happened} for member in members.listed]
    heading = ngettext(
        "It is about %(n)s incident of this kind:",
        "It is about %(n)s incidents of this kind:",
        members.n,
    )
    lines = [f"- {member.happened} ({member.number})" for member in members.listed[:MAX_DATES]]
    if (more := members.n - len(lines)) > 0:
        earlier = ngettext("- and %(n)s earlier one", "- and %(n)s earlier ones", more)
        lines.append(earlier % {"n": number(more)})
    return [heading % {"n": number(members.n)}, *lines]


def _still_waiting(left: int) -> list[str]:
    if not left:
        return []
    words = ngettext(
        "The question is still open for %(n)s other incident.",
        "The question is still open for %(n)s other incidents.",
        left,
    )
    return [words % {"n": number(left)}]


def _asked_about(question: Question) -> str:
    asked = Truncator(" ".join(question.asked.split())).chars(MAX_ASKED)
    return f"{asked} {headline_of(question.lead)}"


def _path(question: Question) -> str:
    return f"/reviews/{question.uuid}/"


def notify_asked_for_opinion(opinion: Opinion, *, about: Sequence[Incident], now: datetime) -> None:
    """Notify the person who is asked, in the words of any question."""
    _ask(opinion, _question(opinion, about, now), now=now)


def notify_reminder(opinion: Opinion, *, about: Sequence[Incident], now: datetime) -> None:
    """Remind the person who has not answered in time."""
    question = _question(opinion, about, now)

    def wording() -> tuple[str, list[str]]:
        subject, lines = question()
        return gettext("Reminder: %(subject)s") % {"subject": subject}, lines

    _ask(opinion, wording, now=now)


def _ask(opinion: Opinion, wording: Wording, *, now: datetime) -> None:
    _notify(
        [opinion.person],
        kind=kinds.OT_ASKED,
        wording=wording,
        path=f"/reviews/{opinion.uuid}/",
        now=now,
        names={"site": opinion.second_opinion.site},
        act=opinion.act,
    )


def notify_leads(
    second_opinion: SecondOpinion,
    *,
    people: Iterable[User],
    about: Sequence[Incident],
    now: datetime,
) -> None:
    """Ask both leads to decide about a suspicion."""
    first, lead = second_opinion.verdict, _gravest(about)

    def wording() -> tuple[str, list[str]]:
        title = headline_of(lead)
        lines = [
            gettext("%(name)s called this suspicious, and nobody has decided about it yet.")
            % {"name": first.by.name},
            gettext("“%(words)s”") % {"words": first.note},
            "",
            sentence_of(lead),
            *when_lines(about, zone=second_opinion.site.time_zone, now=now),
            "",
            gettext("Until you confirm or correct it, what goes between these devices stays open."),
        ]
        return gettext("Please decide: %(title)s") % {"title": title}, lines

    notify_people(
        people,
        kind=kinds.SUSPICION_UNDECIDED,
        wording=wording,
        path=_outcome_path(second_opinion),
        now=now,
    )


def notify_outcome(second_opinion: SecondOpinion, *, now: datetime) -> None:
    """Notify who answered of the result; of a suspicion that holds, both leads too."""
    about = list(second_opinion.verdict.incidents.select_related("workspace__organisation"))
    answered = second_opinion.opinions.filter(state=Opinion.State.ANSWERED).select_related("person")
    people = {second_opinion.verdict.by, *(opinion.person for opinion in answered)}
    if second_opinion.keeps_suspicion:
        people |= set(leads_of(second_opinion.site, about[0].workspace))
    lead = _gravest(about)

    def wording() -> tuple[str, list[str]]:
        title = headline_of(lead)
        lines = [
            _outcome_line(second_opinion),
            *(
                [gettext("“%(words)s”") % {"words": second_opinion.reason}]
                if second_opinion.reason
                else []
            ),
            "",
            sentence_of(lead),
            *when_lines(about, zone=zone_name_of(about) or "UTC", now=now),
            gettext("All answers stay on record."),
        ]
        return gettext("Second opinion: %(title)s") % {"title": title}, lines

    readers = {
        person.pk: person
        for person in people
        if person != second_opinion.decided_by and person.is_active
    }
    notify_people(
        readers.values(),
        kind=kinds.SECOND_OPINION_SETTLED,
        wording=wording,
        path=_outcome_path(second_opinion),
        now=now,
    )


def _question(opinion: Opinion, about: Sequence[Incident], now: datetime) -> Wording:
    site, lead = opinion.second_opinion.site, _gravest(about)

    def wording() -> tuple[str, list[str]]:
        due = plant_time_words(opinion.due_at, zone=site.time_zone)
        lines = [
            gettext("Tagout asks OT at %(site)s what this was.") % {"site": site},
            "",
            sentence_of(lead),
            gettext("Where: %(place)s") % {"place": lead.place or site.name},
            *when_lines(about, zone=site.time_zone, now=now),
            gettext("Please answer by %(time)s.") % {"time": due},
        ]
        return gettext("What was this? %(title)s") % {"title": headline_of(lead)}, lines

    return wording


def _outcome_line(second_opinion: SecondOpinion) -> str:
    first = second_opinion.verdict
    names = {"name": first.by.name, "verdict": gettext(first.get_kind_display())}
    match second_opinion.state:
        case SecondOpinion.State.CONFIRMED:
            words = gettext("The answer %(verdict)s by %(name)s was confirmed.")
        case SecondOpinion.State.CORRECTED:
            words = gettext("The answer %(verdict)s by %(name)s was corrected.")
        case SecondOpinion.State.HARMLESS_TO_SOC:
            words = gettext("%(name)s said %(verdict)s; the SOC decided that it was harmless.")
        case _:
            words = gettext("%(name)s said %(verdict)s; nobody else was sure. The answer stands.")
    return words % names


def _gravest(about: Sequence[Incident]) -> Incident:
    return max(about, key=lambda incident: (incident.severity, incident.created_at, incident.pk))


def _outcome_path(second_opinion: SecondOpinion) -> str:
    return f"/reviews/{second_opinion.uuid}/second/"
