"""Close, as one act of a person, the open incidents from before a rule began that it covers.

A rule acts on what comes after it began. What was open then stays with people; here one of them
closes it with the rule's classification and text, and the guards of a close keep open what they
would keep open from the rule.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from alerts.incidents.acts.bulk import start_bulk_act
from alerts.incidents.models import BulkAct, Incident, IncidentStatus
from alerts.incidents.policies import ACTING as TRIAGING
from alerts.incidents.queries import incidents_visible_to
from alerts.rules.decision import ActingSet
from alerts.rules.sentence import Sentence
from alerts.rules.sentinel_comments import covered_text
from alerts.rules.sql import rule_condition_sql
from alerts.suppression.backtesting.history_sql import fetch_rows, ids_array
from alerts.suppression.enforcing.acting_rules import load_acting
from alerts.suppression.enforcing.close import CLASSIFICATION, REASON
from alerts.suppression.enforcing.explain import reasons_visible_to
from alerts.suppression.enforcing.judging import DecisionPage
from alerts.suppression.models import ACTING, RuleVersion
from alerts.suppression.queries import facts_by_incident, is_off
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.audit.services import record
from portal.errors import Refused

PAGE: Final = 200  # incidents that are judged together
MAX_JUDGED: Final = 5000  # incidents of one act: each is judged while a person waits


class CannotCloseBacklog(Refused):
    """All of them stay open."""


@dataclass(frozen=True, slots=True)
class OpenRemainder:
    """Incidents that stay open for the same reasons."""

    reasons: tuple[Sentence, ...]
    incidents: Sequence[Incident]


@dataclass(frozen=True, slots=True)
class RuleBacklog:
    """What would be closed, what stays open and why, and the text that Sentinel's readers get."""

    closing: Sequence[Incident]
    remaining: Sequence[OpenRemainder]
    text: str
    is_cut: bool  # there are more than one act takes

    @property
    def fingerprint(self) -> str:
        """A short name of what a form shows: which incidents are closed, and how each is."""
        lines = [f"{row.pk} {row.standing}" for row in self.closing]
        return md5("\n".join([*lines, self.text]).encode(), usedforsecurity=False).hexdigest()


def may_close_backlog(user: User, version: RuleVersion) -> bool:
    """Whether the rule acts, and the person closes incidents where it does."""
    return version.state in ACTING and _open_before(user, version).exists()


def count_backlog(user: User, version: RuleVersion) -> int:
    """Return how many open incidents from before have an alert that the rule matches."""
    return len(_matched_ids(user, version))


def read_backlog(user: User, version: RuleVersion, *, now: datetime) -> RuleBacklog:
    """Ask the guards of a close about every open incident from before that the rule matches."""
    acting = load_acting(RuleVersion.objects.filter(pk=version.pk))
    if version.pk not in acting.versions:  # not what two people of two sides have signed
        return RuleBacklog((), (), "", is_cut=False)
    rows = _open_before(user, version).filter(pk__in=_matched_ids(user, version))
    found = list(rows.order_by("-created_at", "-pk")[: MAX_JUDGED + 1])
    closing: list[Incident] = []
    remaining: dict[tuple[Sentence, ...], list[Incident]] = defaultdict(list)
    for incident, reasons in _judged(found[:MAX_JUDGED], acting=acting, now=now):
        if reasons:
            remaining[tuple(reasons_visible_to(user, reasons))].append(incident)
        else:
            closing.append(incident)
    return RuleBacklog(
        closing,
        [
            OpenRemainder(reasons, incidents)
            for reasons, incidents in sorted(remaining.items(), key=lambda item: -len(item[1]))
        ],
        covered_text(acting.versions[version.pk].attribution),
        is_cut=len(found) > MAX_JUDGED,
    )


@transaction.atomic
def close_backlog(
    *,
    version_id: int,
    by: User,
    fingerprint: str,
    now: datetime,
    unshifted: datetime,
    act: UUID | None = None,
) -> BulkAct:
    """Start the bulk act that closes what a form with this fingerprint showed. The guards are
    asked anew; what changes before its turn is skipped. Raises CannotCloseBacklog.
    """
    version = RuleVersion.objects.select_related("rule").get(pk=version_id)
    if act and (started := BulkAct.objects.filter(act=act, by=by).first()):
        return started
    if version.state not in ACTING:
        raise CannotCloseBacklog(gettext("This rule is not active."))
    backlog = read_backlog(by, version, now=now)
    if not backlog.closing:
        raise CannotCloseBacklog(gettext("There is nothing left that can be closed this way."))
    if any(is_off(pk) for pk in {row.workspace_id for row in backlog.closing}):
        raise CannotCloseBacklog(gettext("Suppression is switched off there. Look at it again."))
    if backlog.fingerprint != fingerprint:
        raise CannotCloseBacklog(
            gettext(
                "What this is about has changed since you opened the form. Look at it again, then"
                " confirm."
            )
        )
    bulk_act = start_bulk_act(
        verb="close",
        values={"classification": CLASSIFICATION, "reason": REASON, "comment": backlog.text},
        incidents=backlog.closing,
        title=gettext("Close what %(rule)s covers: %(title)s")
        % {"rule": version.rule.label, "title": version.title},
        by=by,
        now=now,
        unshifted=unshifted,
        act=act,
    )
    record(
        "suppression.rule.backlog_closed",
        on=version,
        by=by,
        at=now,
        act=bulk_act.act,
        incidents=len(backlog.closing),
        remaining=sum(len(group.incidents) for group in backlog.remaining),
    )
    return bulk_act


def _open_before(user: User, version: RuleVersion) -> QuerySet[Incident]:
    """Return the open incidents from before the version began that this person may close."""
    reach = reach_of(user, TRIAGING)
    rows = incidents_visible_to(user).filter(
        Q() if reach.everywhere else reach.workspaces_where("workspace__"),
        workspace__in=version.workspace_ids,
        status__lt=IncidentStatus.CLOSED,
        created_at__lt=version.state_since,
        gone_at=None,
        merged_into=None,
    )
    return rows.select_related("workspace__organisation")


def _matched_ids(user: User, version: RuleVersion) -> list[int]:
    ids = list(_open_before(user, version).order_by().values_list("pk", flat=True))
    if not ids:
        return []
    piece = rule_condition_sql(version.definition)
    rows = fetch_rows(
        "SELECT DISTINCT l.incident_id FROM incidents_alert_links l"
        " JOIN incidents_alerts a ON a.id = l.alert_id"
        f" WHERE l.incident_id = ANY(%s::bigint[]) AND ({piece.text})",
        [ids_array(ids), *piece.params],
    )
    return [pk for (pk,) in rows]


def _judged(
    incidents: Sequence[Incident], *, acting: ActingSet, now: datetime
) -> Iterator[tuple[Incident, Sequence[Sentence]]]:
    for start in range(0, len(incidents), PAGE):
        part = incidents[start : start + PAGE]
        facts = facts_by_incident([incident.pk for incident in part])
        page = DecisionPage.read(part, alerts=facts, acting=acting, now=now, of_any_age=True)
        for incident in part:
            yield incident, page.decide(incident).reasons
