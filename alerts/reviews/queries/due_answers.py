"""What OT owes an answer to, site by site, for leads and managers: questions of the SOC, and second
opinions that Tagout asks for. Whoever is asked has `second_opinions.count_waiting_for_ot`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from alerts.reviews.models import Opinion, Question
from alerts.reviews.queries.questions import questions_visible_to, verdicts_visible_to
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class DueAnswers:
    """What waits for OT at one site, and what of it is late."""

    site: str
    waiting: int
    late: int
    late_of_tagout: int  # second opinions among the late ones
    oldest_due_at: datetime | None  # of the late ones


def due_answers(user: User, *, now: datetime) -> list[DueAnswers]:
    """Return what waits for OT at the sites in the person's reach, those with most late first. A
    second opinion counts once for each person who is asked.
    """
    questions = questions_visible_to(user).select_related(None)
    questions = questions.filter(state=Question.State.WAITING)
    opinions = Opinion.objects.filter(
        Exists(verdicts_visible_to(user).filter(pk=OuterRef("second_opinion__verdict"))),
        state=Opinion.State.WAITING,
    )
    asked = _by_site(questions, "site", now=now)
    of_tagout = _by_site(opinions, "second_opinion__site", now=now)
    found = []
    for site in asked.keys() | of_tagout.keys():
        counts = [rows[site] for rows in (asked, of_tagout) if site in rows]
        late_since = [row["oldest"] for row in counts if row["oldest"]]
        found.append(
            DueAnswers(
                counts[0]["name"],
                sum(row["waiting"] for row in counts),
                sum(row["late"] for row in counts),
                of_tagout.get(site, {}).get("late", 0),
                min(late_since, default=None),
            )
        )
    return sorted(found, key=lambda due: (-due.late, -due.waiting, due.site))


def _by_site(rows: QuerySet[Any], site: str, *, now: datetime) -> dict[int, dict[str, Any]]:
    late = Q(due_at__lt=now)
    counted = (
        rows.order_by()
        .values(counted_by=F(site), name=F(f"{site}__name"))
        .annotate(
            waiting=Count("pk"),
            late=Count("pk", filter=late),
            oldest=Min("due_at", filter=late),
        )
    )
    return {row.pop("counted_by"): row for row in counted}
