"""Ask once whether work that has run over its end still goes on."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext

from alerts.planned_work.engine.coverage import SLACK
from alerts.planned_work.models import Occurrence
from alerts.planned_work.services.change import note_step
from portal.accounts.models import Role, User
from portal.accounts.queries import people_holding
from portal.notifications.services import notify

_BATCH = 200
_OLDEST = timedelta(days=1)  # what ended longer ago is not asked about any more


@transaction.atomic
def ask_about_overruns(*, now: datetime) -> int:
    """Ask the owner of work that was not marked done an hour after its end; return how many were
    asked about. Each is asked about once.
    """
    due = (
        Occurrence.objects.filter(
            known_until=None,
            done_at=None,
            asked_at=None,
            late_until__isnull=False,
            ends_at__lte=now - SLACK,
            ends_at__gt=now - _OLDEST,
        )
        .select_related("work__owner", "work__site", "revision")
        .select_for_update(of=("self",), skip_locked=True)
    )
    asked = list(due[:_BATCH])
    for one in asked:
        for person in _people(one):
            _ask(one, person, now)
        note_step(one.work, code="asked", by="Tagout", now=now)
    Occurrence.objects.filter(pk__in=[one.pk for one in asked]).update(asked_at=now)
    return len(asked)


def _people(one: Occurrence) -> Iterable[User]:
    """Return the owner of the work; where there is none, the leads of the site."""
    owner = one.work.owner
    if owner is not None and owner.is_active:
        return [owner]
    return people_holding({Role.OT_SITE_LEAD}, sites=[one.work.site.uuid])


def _ask(one: Occurrence, person: User, now: datetime) -> None:
    title = ", ".join(filter(None, (one.revision.work_order, one.revision.title)))
    with translation.override(person.language or "en"):
        notify(
            people=[person],
            kind="planned_work.overrun",
            subject=gettext("Still going on? %(title)s") % {"title": title},
            body=gettext(
                "The planned time is over, and so is the hour after it. Extend the work, or say "
                "that it is done: until then its alerts count as unexpected."
            ),
            path=_path(one),
            reason=gettext("You planned this work, or lead the site."),
            now=now,
        )


def _path(one: Occurrence) -> str:
    try:
        return reverse("planned_work:work", args=[one.work.uuid])
    except NoReverseMatch:
        return "/"
