"""Changes of a plant on the page of its plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import ngettext

from alerts.patterns.queries.plan_drift import drift_steps_at
from alerts.patterns.web.plan_rows import STATE_CHIPS
from alerts.sites.models import Site
from alerts.suppression.drafting.drift_questions import drift_waiting_for
from alerts.suppression.drafting.drift_sentence import drift_sentence
from portal.accounts.models import User
from portal.ui.words import number, percent


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One change, with what it would bring and whose turn it is."""

    sentence: str
    rules: str
    gain: str
    incidents: str
    chip: str
    chip_kind: str
    chip_icon: str
    href: str
    may_answer: bool


def drift_rows(site: Site, user: User, *, now: datetime) -> Sequence[DriftRow]:
    """Return the changes of a site that wait for somebody."""
    steps = drift_steps_at(site, user, now=now)
    if not steps:
        return []
    own = set(drift_waiting_for(user).filter(site=site).values_list("pk", flat=True))
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    rows = []
    for step in steps:
        label, kind, icon = STATE_CHIPS[step.state]
        incidents = ngettext(
            "%(n)s of %(all)s incident since then",
            "%(n)s of %(all)s incidents since then",
            step.incidents,
        ) % {"n": number(step.gain), "all": number(step.incidents)}
        rows.append(
            DriftRow(
                drift_sentence(step.question, today=today),
                ", ".join(step.rules),
                f"+{percent(step.share)}",
                incidents,
                str(label),
                kind,
                icon,
                reverse("suppression:drift", args=[step.question.uuid]),
                step.question.pk in own,
            )
        )
    return rows
