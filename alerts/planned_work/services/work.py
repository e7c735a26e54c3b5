"""Plan work, change it, extend it, mark it done, cancel it; ask whether overdue work goes on."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from alerts import notification_kinds as kinds
from alerts.incidents.ingest.planned import rank_incidents_of_alerts
from alerts.planned_work.engine.errors import PlanError
from alerts.planned_work.engine.matching import SLACK
from alerts.planned_work.engine.recurrence import MAX_LENGTH, WorkSpan
from alerts.planned_work.models import NamedDevice, Occurrence, PlannedWork, WorkStep
from alerts.planned_work.policies import (
    is_by_token,
    reasons_against_changing,
    reasons_against_planning,
)
from alerts.planned_work.queries import has_begun
from alerts.planned_work.services.occurrences import (
    cover_occurrences,
    delete_occurrences,
    new_occurrence,
    spans_of,
    store_occurrences,
)
from alerts.planned_work.services.plan import CannotPlanWork, WorkPlan, checked_plan, new_revision
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import people_with_roles
from portal.accounts.rights import roles_for
from portal.audit.services import Actor, record
from portal.notifications.services import notify_people


@transaction.atomic
def plan_work(
    *, site: Site, plan: WorkPlan, by: Actor, now: datetime, uid: str = ""
) -> PlannedWork:
    """Store planned work. Nothing is closed by it: it shows what to expect."""
    if reasons := reasons_against_planning(site, by=by):
        raise CannotPlanWork(*reasons)
    plan = checked_plan(plan, site=site, now=now)
    work = PlannedWork(
        site=site,
        owner=by if isinstance(by, User) else None,
        made_by_label=str(by)[:200],
        made_at=now,
        changed_at=now,
    )
    work.uid = uid or str(work.uuid)
    work.save(force_insert=True)
    made = _store_revision(work, plan, number=1, by=by, now=now)
    follow_occurrences(made, forgotten=[], now=now)
    note_step(work, code="made", by=by, now=now)
    record("planned_work.work.made", on=work, by=by, at=now, plan=_plan_for_record(plan))
    return work


@transaction.atomic
def change_work(
    *, work_id: int, plan: WorkPlan, by: Actor, now: datetime, is_from_file: bool = False
) -> PlannedWork:
    """Store the content of the work from now on. Occurrences that are over stay as they were. What
    a file changes holds for no alert that came before, what somebody changes of work of a file for
    none that was there before the file was.
    """
    work = _locked(work_id, by=by)
    plan = checked_plan(plan, site=work.site, now=now)
    latest = work.revisions.get(is_latest=True)
    if latest.digest == plan.digest:
        return work
    work.revisions.filter(pk=latest.pk).update(is_latest=False)
    ahead = list(work.occurrences.filter(known_until=None, ends_at__gt=now))
    forgotten = delete_occurrences(ahead, now=now)
    past = list(work.occurrences.filter(known_until=None).only("starts_at", "stored_at"))
    brought_at = max((row.stored_at for row in (*ahead, *past) if row.stored_at), default=None)
    made = _store_revision(
        work,
        plan,
        number=latest.number + 1,
        by=by,
        now=now,
        over={row.starts_at for row in past},
        stored_at=now if is_from_file else brought_at,
    )
    PlannedWork.objects.filter(pk=work.pk).update(changed_at=now)
    follow_occurrences(made, forgotten=forgotten, now=now)
    note_step(work, code="changed", by=by, now=now)
    record("planned_work.work.changed", on=work, by=by, at=now, plan=_plan_for_record(plan))
    return work


@transaction.atomic
def extend_work(*, occurrence_id: int, until: datetime, by: Actor, now: datetime) -> Occurrence:
    """Let one occurrence last longer. Alerts that came meanwhile count as inside from now on."""
    occurrence, work = _locked_occurrence(occurrence_id, by=by)
    if until <= occurrence.ends_at or until <= now:
        raise CannotPlanWork(_("Choose a time later than the planned end, and later than now."))
    if until - occurrence.starts_at > MAX_LENGTH:
        raise CannotPlanWork(PlanError("time.long", most=MAX_LENGTH.days).translated(_))
    longer = _replaced(
        occurrence,
        WorkSpan(occurrence.starts_at, until),
        now=now,
        came_by_token=is_by_token(by) or occurrence.came_by_token,
    )
    note_step(work, code="extended", by=by, now=now, until=until.isoformat())
    record(
        "planned_work.occurrence.extended", on=longer, by=by, at=now, until=until, work=work.uuid
    )
    return longer


@transaction.atomic
def finish_work(*, occurrence_id: int, by: Actor, now: datetime) -> Occurrence:
    """Note that one occurrence is done. Before its planned end, that end moves to now."""
    occurrence, work = _locked_occurrence(occurrence_id, by=by)
    if now < occurrence.starts_at:
        raise CannotPlanWork(_("The work has not begun. Cancel it, or change its time."))
    done = _replaced(
        occurrence,
        WorkSpan(occurrence.starts_at, min(occurrence.ends_at, now)),
        now=now,
        done_at=now,
    )
    if not occurrence.revision.is_recurring:
        PlannedWork.objects.filter(pk=work.pk).update(state=PlannedWork.State.DONE)
    note_step(work, code="done", by=by, now=now)
    record("planned_work.occurrence.done", on=done, by=by, at=now, work=work.uuid)
    return done


@transaction.atomic
def cancel_work(*, work_id: int, by: Actor, now: datetime, note: str = "") -> PlannedWork:
    """Note that the work does not take place. What is over stays as it was."""
    work = _locked(work_id, by=by)
    ahead = list(work.occurrences.filter(known_until=None, ends_at__gt=now))
    begun = [occurrence for occurrence in ahead if occurrence.starts_at < now]
    forgotten = delete_occurrences(ahead, now=now)
    made = [
        _made_anew(occurrence, WorkSpan(occurrence.starts_at, now), now=now, done_at=now)
        for occurrence in begun
    ]  # until now it took place
    PlannedWork.objects.filter(pk=work.pk).update(state=PlannedWork.State.CANCELLED, changed_at=now)
    work.state = PlannedWork.State.CANCELLED
    follow_occurrences(store_occurrences(made), forgotten=forgotten, now=now)
    code = "ended" if has_begun(work, now=now) else "cancelled"
    note_step(work, code=code, by=by, now=now, note=note)
    record("planned_work.work.cancelled", on=work, by=by, at=now, note=note)
    return work


def note_step(work: PlannedWork, *, code: str, by: Actor, now: datetime, **details: str) -> None:
    """Add a line to the history of the work."""
    WorkStep.objects.create(
        work=work,
        at=now,
        by=by if isinstance(by, User) else None,
        by_label=str(by)[:200],
        code=code,
        details=details,
    )


def _locked(work_id: int, *, by: Actor) -> PlannedWork:
    work = (
        PlannedWork.objects.select_for_update(of=("self",)).select_related("site").get(pk=work_id)
    )
    if reasons := reasons_against_changing(work, by=by):
        raise CannotPlanWork(*reasons)
    return work


def _locked_occurrence(occurrence_id: int, *, by: Actor) -> tuple[Occurrence, PlannedWork]:
    found = Occurrence.objects.get(pk=occurrence_id)
    work = _locked(found.work_id, by=by)
    occurrence = Occurrence.objects.select_related("revision__work").get(pk=occurrence_id)
    if occurrence.known_until is not None:
        raise CannotPlanWork(_("The work has changed in the meantime. Look at it again."))
    if occurrence.done_at is not None:
        raise CannotPlanWork(_("It is already marked as done."))
    return occurrence, work


def _store_revision(
    work: PlannedWork,
    plan: WorkPlan,
    *,
    number: int,
    by: Actor,
    now: datetime,
    over: Collection[datetime] = (),
    stored_at: datetime | None = None,
) -> list[Occurrence]:
    """Store what the work is and when it takes place, but for starts that are `over`.
    `stored_at`: when the file of it came.
    """
    revision = new_revision(work, plan=plan, number=number, by=by, now=now)
    revision.save(force_insert=True)
    NamedDevice.objects.bulk_create(
        NamedDevice(
            revision=revision,
            side=device.side.value,
            zone_id=device.zone_id,
            address=device.address,
            name=device.name[:120],
        )
        for device in plan.devices
    )
    try:
        spans = spans_of(revision, now=now)
    except PlanError as error:
        raise CannotPlanWork(error.translated(_)) from error
    made = [
        new_occurrence(revision, span=span, known_from=now)
        for span in _longest_by_start(spans)
        if span.starts_at not in over
    ]
    for row in made:
        row.stored_at = stored_at  # what came before the file stays so
    return store_occurrences(made)


def _longest_by_start(spans: Sequence[WorkSpan]) -> list[WorkSpan]:
    """Return the longest of those that begin at once."""
    return list({span.starts_at: span for span in spans}.values())


def _replaced(
    occurrence: Occurrence,
    span: WorkSpan,
    *,
    now: datetime,
    done_at: datetime | None = None,
    came_by_token: bool | None = None,
) -> Occurrence:
    """Store the occurrence with another end, in place of this one."""
    forgotten = delete_occurrences([occurrence], now=now)
    anew = _made_anew(occurrence, span, now=now, done_at=done_at)
    if came_by_token is not None:
        anew.came_by_token = came_by_token
    (made,) = store_occurrences([anew])
    PlannedWork.objects.filter(pk=occurrence.work_id).update(changed_at=now)
    follow_occurrences([made], forgotten=forgotten, now=now)
    return made


def _made_anew(
    occurrence: Occurrence, span: WorkSpan, *, now: datetime, done_at: datetime | None
) -> Occurrence:
    made = new_occurrence(
        occurrence.revision, span=span, known_from=now, came_by_token=occurrence.came_by_token
    )
    made.done_at = done_at
    made.stored_at = occurrence.stored_at  # of a file: what came before it stays so
    return made


def follow_occurrences(
    made: Sequence[Occurrence], *, forgotten: Collection[int], now: datetime
) -> None:
    """Work out which alerts this covers, and rank their incidents."""
    alerts = {*cover_occurrences(made, now=now), *forgotten}
    if alerts:
        rank_incidents_of_alerts(alert_ids=alerts, now=now)


def _plan_for_record(plan: WorkPlan) -> dict[str, object]:
    """Return what the audit record keeps of a plan."""
    return {
        "title": plan.title,
        "kind": plan.kind,
        "starts": plan.schedule.starts_at,
        "minutes": plan.schedule.length.total_seconds() / 60,
        "time_zone": plan.schedule.time_zone,
        "rule": plan.schedule.rule,
        "work_order": plan.work_order,
        "vendor": plan.vendor,
        "zone": plan.zone_id,
        "devices": [[device.side.value, device.zone_id, device.address] for device in plan.devices],
    }


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
    occurrences = list(due[:_BATCH])
    for occurrence in occurrences:
        _ask(occurrence, now=now)
        note_step(occurrence.work, code="asked", by="Tagout", now=now)
    Occurrence.objects.filter(pk__in=[occurrence.pk for occurrence in occurrences]).update(
        asked_at=now
    )
    return len(occurrences)


def _people(occurrence: Occurrence) -> Iterable[User]:
    """Return the owner of the work; where there is none, the leads of the site."""
    owner = occurrence.work.owner
    if owner is not None and owner.is_active:
        return [owner]
    return people_with_roles(roles_for("sites.lead"), sites=[occurrence.work.site.uuid])


def _ask(occurrence: Occurrence, *, now: datetime) -> None:
    title = ", ".join(filter(None, (occurrence.revision.work_order, occurrence.revision.title)))

    def wording() -> tuple[str, list[str]]:
        body = gettext(
            "The planned time is over, and so is the hour after it. Extend the work, or say "
            "that it is done: until then its alerts count as unexpected."
        )
        return gettext("Still going on? %(title)s") % {"title": title}, [body]

    notify_people(
        _people(occurrence),
        kind=kinds.WORK_OVERRUN,
        wording=wording,
        path=_path(occurrence),
        now=now,
    )


def _path(occurrence: Occurrence) -> str:
    try:
        return reverse("planned_work:work", args=[occurrence.work.uuid])
    except NoReverseMatch:
        return "/"
