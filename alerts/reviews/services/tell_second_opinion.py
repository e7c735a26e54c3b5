"""What people are told of second opinions. Who is asked hears nothing that leads."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext

from alerts.incidents.models import Incident
from alerts.incidents.page.panel import zone_name_of
from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.policies import leads_of
from alerts.reviews.services.notify import (
    Words,
    deliver,
    headline_of,
    plant_time,
    sentence_of,
    when_lines,
)
from portal.accounts.models import User

ASKED, OUTCOME, DECIDE = "reviews.asked", "reviews.second-opinion", "reviews.undecided"


def tell_asked_for_opinion(opinion: Opinion, *, about: Sequence[Incident], now: datetime) -> None:
    """Tell the person who is asked, in the words of any question."""
    deliver(
        [opinion.person],
        kind=ASKED,
        path=_question_path(opinion),
        words=_question_words(opinion, about, now),
        now=now,
        act=opinion.act,
    )


def tell_reminder(opinion: Opinion, *, about: Sequence[Incident], now: datetime) -> None:
    """Remind the person who has not answered in time."""
    ask = _question_words(opinion, about, now)

    def words(language: str) -> tuple[str, list[str], str]:
        subject, lines, reason = ask(language)
        return gettext("Reminder: %(subject)s") % {"subject": subject}, lines, reason

    deliver(
        [opinion.person],
        kind=ASKED,
        path=_question_path(opinion),
        words=words,
        now=now,
        act=opinion.act,
    )


def tell_leads(
    found: SecondOpinion, *, people: Iterable[User], about: Sequence[Incident], now: datetime
) -> None:
    """Ask both leads to decide about a suspicion."""
    first, lead = found.annotation, _gravest(about)

    def words(language: str) -> tuple[str, list[str], str]:
        title = headline_of(lead, language=language)
        lines = [
            gettext("%(name)s called this suspicious, and nobody has decided about it yet.")
            % {"name": first.by.name},
            gettext("“%(words)s”") % {"words": first.note},
            "",
            sentence_of(lead, language=language),
            *when_lines(about, zone=found.site.time_zone, now=now),
            "",
            gettext("Until you confirm or correct it, what goes between these devices stays open."),
        ]
        reason = gettext("You get this every day until somebody decides, because you are a lead.")
        return gettext("Please decide: %(title)s") % {"title": title}, lines, reason

    deliver(people, kind=DECIDE, path=_outcome_path(found), words=words, now=now)


def tell_outcome(found: SecondOpinion, *, now: datetime) -> None:
    """Tell who answered what it came to; of a suspicion that holds, both leads too."""
    about = list(found.annotation.incidents.select_related("workspace__organisation"))
    answered = found.opinions.filter(state=Opinion.State.ANSWERED).select_related("person")
    people = {found.annotation.by, *(each.person for each in answered)}
    if found.keeps_suspicion:
        people |= set(leads_of(found.site, about[0].workspace))
    lead = _gravest(about)

    def words(language: str) -> tuple[str, list[str], str]:
        title = headline_of(lead, language=language)
        lines = [
            _outcome_line(found),
            *([gettext("“%(words)s”") % {"words": found.reason}] if found.reason else []),
            "",
            sentence_of(lead, language=language),
            *when_lines(about, zone=zone_name_of(about) or "UTC", now=now),
            gettext("All answers stay on record."),
        ]
        reason = gettext("You get this because you answered, or because you are a lead.")
        return gettext("Second opinion: %(title)s") % {"title": title}, lines, reason

    told = {each.pk: each for each in people if each != found.decided_by and each.is_active}
    deliver(told.values(), kind=OUTCOME, path=_outcome_path(found), words=words, now=now)


def _question_words(opinion: Opinion, about: Sequence[Incident], now: datetime) -> Words:
    site, lead = opinion.second_opinion.site, _gravest(about)

    def words(language: str) -> tuple[str, list[str], str]:
        due = plant_time(opinion.due_at, zone=site.time_zone)
        lines = [
            gettext("Tagout asks OT at %(site)s what this was.") % {"site": site},
            "",
            sentence_of(lead, language=language),
            gettext("Where: %(place)s") % {"place": lead.place or site.name},
            *when_lines(about, zone=site.time_zone, now=now),
            gettext("Please answer by %(time)s.") % {"time": due},
        ]
        reason = gettext("You get this because you speak for OT at %(site)s.") % {"site": site}
        title = headline_of(lead, language=language)
        return gettext("What was this? %(title)s") % {"title": title}, lines, reason

    return words


def _outcome_line(found: SecondOpinion) -> str:
    first = found.annotation
    said = {"name": first.by.name, "verdict": gettext(first.get_verdict_display())}
    match found.state:
        case SecondOpinion.State.CONFIRMED:
            words = gettext("The answer %(verdict)s by %(name)s was confirmed.")
        case SecondOpinion.State.CORRECTED:
            words = gettext("The answer %(verdict)s by %(name)s was corrected.")
        case SecondOpinion.State.HARMLESS_TO_SOC:
            words = gettext("%(name)s said %(verdict)s; the SOC decided that it was harmless.")
        case _:
            words = gettext("%(name)s said %(verdict)s; nobody else was sure. The answer stands.")
    return words % said


def _gravest(about: Sequence[Incident]) -> Incident:
    return max(about, key=lambda each: (each.severity, each.created_at, each.pk))


def _question_path(opinion: Opinion) -> str:
    return f"/reviews/{opinion.uuid}/"


def _outcome_path(found: SecondOpinion) -> str:
    return f"/reviews/{found.uuid}/second/"
