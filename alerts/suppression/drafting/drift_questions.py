"""What OT is asked about changes of its plant: one question a change, whatever rules it touches.
The nightly mining finds them (`alerts.patterns.services.drift`); people decide.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from alerts import notification_kinds as kinds
from alerts.incidents.queries import sites_in_reach
from alerts.reviews.engine.working_hours import until_working
from alerts.reviews.policies import ANSWERING, ot_people_at
from alerts.rules.rule import Clause
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.models import (
    OPEN,
    DriftLine,
    DriftQuestion,
    RuleVersion,
    VersionState,
)
from portal.accounts.models import User
from portal.accounts.rights import READING_ROLES
from portal.audit.services import record
from portal.notifications.services import notify_people

ITSELF = "Tagout"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFinding:
    """One line of one version that no longer fits, and how it would be worded."""

    version: RuleVersion
    line: Clause
    new_line: Clause
    alerts: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFinding:
    """One change of a plant, with all lines that it touches. Facts are codes with details."""

    kind: str
    before: str
    after: str
    latest_on: date | None
    first_on: date
    against: Sequence[tuple[str, dict[str, str]]]
    in_favour: Sequence[tuple[str, dict[str, str]]]
    lines: Sequence[LineFinding]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it another change of its site."""
        return self.kind, self.before, self.after


def versions_to_compare(site: Site) -> list[RuleVersion]:
    """Return the live versions of a site whose rule has no other version in work or in trial."""
    others = RuleVersion.objects.filter(
        rule=OuterRef("rule"), state__in=(*OPEN, VersionState.IN_TRIAL)
    )
    rows = RuleVersion.objects.filter(state=VersionState.LIVE, site_ids=[site.pk])
    return list(rows.exclude(Exists(others)).select_related("rule").order_by("pk"))


def names_not_the_same(site_ids: Collection[int]) -> set[str]:
    """Return the newcomers that OT called something else."""
    rows = DriftQuestion.objects.filter(site__in=site_ids, state=DriftQuestion.State.NO)
    return set(rows.exclude(kind=DriftQuestion.Kind.MOVED).values_list("after", flat=True))


def question_digest(question: DriftQuestion) -> str:
    """Return what a person has seen of a question as one word: other lines, or other facts against
    it, make it another.
    """
    rows = question.lines.order_by("version").values_list("version", "line", "new_line")
    return _digest(question, rows)


def _digest(question: DriftQuestion, lines: Iterable[tuple[Any, ...]]) -> str:
    parts = [
        *(question.kind, question.before, question.after),
        *([list(fact) for fact in question.against], [list(line) for line in lines]),
    ]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def drift_questions_visible_to(
    user: User, roles: Collection[Any] = READING_ROLES
) -> QuerySet[DriftQuestion]:
    """Return the questions about sites that this person may see with one of these roles."""
    rows = DriftQuestion.objects.filter(site__in=sites_in_reach(user, roles).values("pk"))
    return rows.select_related("site", "answered_by")


def drift_waiting_for(user: User) -> QuerySet[DriftQuestion]:
    """Return those that wait for this person of OT, the oldest first."""
    rows = drift_questions_visible_to(user, ANSWERING).filter(state=DriftQuestion.State.WAITING)
    return rows.exclude(unsure_ids__contains=[user.pk]).order_by("asked_at", "pk")


@transaction.atomic
def ask_about_drift(
    *, site: Site, findings: Collection[DriftFinding], now: datetime
) -> list[DriftQuestion]:
    """Ask OT of a site about each change that was not asked about before; bring those that wait up
    to date, and end those that are no longer so. What OT called something else is not asked again,
    nor is a line whose amendment was rejected. Who was not sure is asked again once it is another.
    """
    waiting = {
        (row.kind, row.before, row.after): row
        for row in DriftQuestion.objects.select_for_update().filter(
            site=site, state=DriftQuestion.State.WAITING
        )
    }
    asked = []
    for finding in _new_findings(site, findings):
        row = waiting.pop(finding.key, None)
        if row is None:
            row = DriftQuestion(
                site=site,
                kind=finding.kind,
                before=finding.before,
                after=finding.after,
                asked_at=now,
            )
            asked.append(row)
        digest = question_digest(row) if row.pk else ""
        row.latest_on, row.first_on = finding.latest_on, finding.first_on
        row.against, row.in_favour = list(finding.against), list(finding.in_favour)
        row.found_at = now
        row.save()
        _store_lines(row, finding.lines)
        if row.unsure_ids and question_digest(row) != digest:
            row.unsure_ids = []
            row.save(update_fields=["unsure_ids"])
    gone = [row.pk for row in waiting.values()]
    DriftQuestion.objects.filter(pk__in=gone).update(state=DriftQuestion.State.OVERTAKEN)
    for row in asked:
        _notify(row, now=now)
        record("suppression.drift.asked", on=row, by=ITSELF, at=now, site=site.name, kind=row.kind)
    return asked


def _new_findings(site: Site, findings: Collection[DriftFinding]) -> list[DriftFinding]:
    """Return the findings without what people have refused: a newcomer that OT called something
    else, other hours of one rule, and a line whose amendment the SOC or OT rejected.
    """
    if not findings:
        return []
    names = names_not_the_same([site.pk])
    lines = DriftLine.objects.filter(question__site=site)
    kind, after = "question__kind", "question__after"
    moves = set(
        lines.filter(
            question__state=DriftQuestion.State.NO, question__kind=DriftQuestion.Kind.MOVED
        ).values_list(after, "version__rule")
    )
    rejected = set(
        lines.filter(amendment__state=VersionState.REJECTED).values_list(
            kind, "question__before", after, "version"
        )
    )
    found = []
    for finding in findings:
        is_move = finding.kind == DriftQuestion.Kind.MOVED
        left = [
            line
            for line in finding.lines
            if (*finding.key, line.version.pk) not in rejected
            and not (is_move and (finding.after, line.version.rule_id) in moves)
        ]
        if left and (is_move or finding.after not in names):
            found.append(replace(finding, lines=left))
    return found


def _store_lines(row: DriftQuestion, lines: Collection[LineFinding]) -> None:
    row.lines.all().delete()
    DriftLine.objects.bulk_create(
        DriftLine(
            question=row,
            version=line.version,
            line=line.line.as_json(),
            new_line=line.new_line.as_json(),
            alerts=line.alerts,
            days=line.days,
        )
        for line in lines
    )


def _notify(row: DriftQuestion, *, now: datetime) -> None:
    people = {person.pk: person for person in people_asked(row)}
    notify_people(
        people.values(),
        kind=kinds.DRIFT_ASKED,
        path=f"/drift/{row.uuid}/",
        now=now,
        hold=until_working(now, zone=row.site.time_zone),
        names={"site": row.site.name},
        wording=lambda: (
            gettext("Has the plant changed? %(name)s") % {"name": row.after},
            [
                gettext("%(site)s: a rule no longer fits what its devices do.")
                % {"site": row.site.name},
                gettext("Look at what speaks for it and against it. Nothing changes by itself."),
            ],
        ),
    )


def people_asked(row: DriftQuestion) -> list[User]:
    """Return the people of OT at the site."""
    ids = {pk for line in row.lines.select_related("version") for pk in line.version.workspace_ids}
    workspaces = Workspace.objects.filter(pk__in=ids).select_related("organisation")
    return [person for workspace in workspaces for person in ot_people_at(row.site, workspace)]
