"""Put right in Sentinel what an administrator asked for: connect, install, enable, cover.

What is written has names that follow from the workspace, and is read before it is written, so a
step that was cut off is simply done again.
"""

import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from alerts.readiness.engine.answers import UnreadableAnswer, read_answer, read_page, resource_facts
from alerts.readiness.engine.content import (
    connector_body,
    coverage_body,
    package_body,
    rule_from_template,
    tagged,
)
from alerts.readiness.engine.readings import (
    CheckRemedy,
    subscriptions_of,
)
from alerts.readiness.engine.solution import (
    DISPLAY_NAME,
    RULE_NAMES,
    incident_rules,
    is_connectors_rule,
    is_tagged,
    template_of,
)
from alerts.readiness.models import SetupStep
from alerts.readiness.policies import is_administrator_of, reasons_against_setting_up
from alerts.readiness.queries.readings import load_readings
from alerts.readiness.services.check_workspace import Connect, kind_of_job
from alerts.readiness.services.part_reader import MAX_PAGES
from alerts.readiness.services.rule_writing import (
    RuleWriteRefused,
    change_rule,
    make_analytics_rule,
)
from alerts.readiness.stored_wording import NO_LONGER_ADMINISTRATOR
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelConflict,
    SentinelError,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.prerequisites import Prerequisite, Writable
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.queries import callable_at, is_in_defender_portal, resting_workspaces
from alerts.sentinel.services.reach import note_error, note_success
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.backup.queries import is_paused_after_restore
from portal.errors import Refused
from portal.jobs.models import Job, JobState
from portal.jobs.services import MAX_ATTEMPTS, SLICE, back_off, claim_due, put_back, settle

PURPOSE = ClientPurpose.RULES
_NAMES = uuid.UUID("b3c0a4de-6f0e-4b0e-93fb-0b7d0b7c9d11")


class CannotSetUp(Refused):
    """Nothing was asked for."""


class StepUnfinished(Exception):
    """A step is not through when its time is up; done again it goes on where it stopped."""


class StepRefused(Exception):
    """Azure's answer leaves nothing to try again; the text is the reason."""


def resource_name(workspace: Workspace, *, of: str) -> str:
    """Return the name under which Tagout writes something in a workspace: always the same."""
    return str(uuid.uuid5(_NAMES, f"{workspace.uuid} {of}"))


@transaction.atomic
def request_step(
    *, workspace: Workspace, kind: CheckRemedy, target: str = "", by: User, now: datetime
) -> SetupStep:
    """Have a worker put something right. Refused while the same is under way."""
    reasons = reasons_against_setting_up(workspace, by=by)
    if not reasons and not _is_target(workspace, kind, target, now=now):
        reasons = [gettext("This subscription does not belong to the workspace.")]
    open_steps = workspace.setup_steps.filter(
        kind=kind, target=target, state__in=[JobState.WAITING, JobState.RUNNING]
    )
    if not reasons and open_steps.exists():
        reasons = [gettext("This is under way already.")]
    if reasons:
        raise CannotSetUp(*reasons)
    try:
        with transaction.atomic():
            step = SetupStep.objects.create(
                workspace=workspace,
                kind=kind,
                target=target,
                by=by,
                asked_at=now,
                due_at=clock.unshifted(),
            )
    except IntegrityError:
        raise CannotSetUp(gettext("This is under way already.")) from None
    record("readiness.step.asked", on=step, by=by, at=now, kind=kind, target=target)
    return step


def _is_target(workspace: Workspace, kind: CheckRemedy, target: str, *, now: datetime) -> bool:
    if kind is not CheckRemedy.CONNECT:
        return target == ""
    return target in subscriptions_of(load_readings(workspace, now=now))


def carry_out_due_step(*, now: datetime, connect: Connect) -> bool:
    """Do one step that is due; False when none is. After a restore nothing is done until an
    administrator resumes. `now` is business time.
    """
    if is_paused_after_restore():
        return False
    unshifted = clock.unshifted()
    resting = resting_workspaces(now=unshifted, purpose=PURPOSE)
    due = SetupStep.objects.exclude(workspace__state=Workspace.State.PAUSED)
    step = claim_due(due.exclude(workspace__in=resting), now=unshifted)
    if step is None:
        return False
    if step.workspace.is_removed:  # else it would be overdue for ever
        _end(step, JobState.DEAD, now=now, error="This workspace was removed.")
        return True
    if not is_administrator_of(step.workspace, user=step.by):  # the role may have gone meanwhile
        _refuse(step, now=now)
        return True
    try:
        client = connect(step.workspace, PURPOSE.value)
        result = _WORK[CheckRemedy(step.kind)](client, step)
        note_success(workspace_id=step.workspace_id, now=clock.unshifted(), purpose=PURPOSE)
    except StepUnfinished:
        put_back(step, due_at=clock.unshifted(), free=True)
    except (StepRefused, RuleWriteRefused, UnreadableAnswer) as refusal:
        _end(step, JobState.DEAD, now=now, error=str(refusal))
    except SentinelError as error:
        _note(step, error, now=now)
    else:
        _end(step, JobState.DONE, now=now, result=result)
    return True


def _refuse(step: SetupStep, *, now: datetime) -> None:
    reason = NO_LONGER_ADMINISTRATOR % {"name": step.by.name}
    _end(step, JobState.DEAD, now=now, error=reason, outcome="refused")


def _note(step: SetupStep, error: SentinelError, *, now: datetime) -> None:
    """Try again where Azure was away, slow or in conflict; else a person has to do something."""
    may_retry = isinstance(error, SentinelUnavailable | SentinelThrottled | SentinelConflict)
    if isinstance(error, SentinelUnavailable | SentinelThrottled):
        note_error(
            workspace_id=step.workspace_id, error=error, now=clock.unshifted(), purpose=PURPOSE
        )
    if may_retry and step.attempts < MAX_ATTEMPTS:
        wait = back_off(step.attempts)
        put_back(step, due_at=clock.unshifted() + wait, error=error.message)
        return
    _end(step, JobState.DEAD, now=now, error=error.message)


@transaction.atomic
def _end(
    step: SetupStep,
    state: JobState,
    *,
    now: datetime,
    error: str = "",
    result: dict[str, Any] | None = None,
    outcome: str = "",
) -> None:
    """Settle a step with its entry on record, and look at the workspace again. `outcome` is the
    word of the record where it is not done or failed.
    """
    unshifted = clock.unshifted()
    if not settle(step, now=unshifted, state=state, error=error, result=result or {}, done_at=now):
        return
    jobs = Job.objects.filter(
        kind=kind_of_job(ClientPurpose.READ), key=str(step.workspace.uuid), state=JobState.WAITING
    )
    jobs.update(due_at=unshifted)
    ending = outcome or ("done" if state == JobState.DONE else "failed")
    record(
        f"readiness.step.{ending}",
        on=step,
        by="readiness",
        at=now,
        kind=step.kind,
        target=step.target,
        **({"error": error[:300]} if error else {"written": result or {}}),
    )


def _connect(client: SentinelClient, step: SetupStep) -> dict[str, Any]:
    rows = _list(client, Prerequisite.CONNECTORS)
    name, etag = resource_name(step.workspace, of=f"connector {step.target}"), ""
    for row, facts in zip(rows, resource_facts(Prerequisite.CONNECTORS, rows), strict=True):
        if facts["kind"] == "IOT" and facts["subscription"] == step.target:
            if facts["is_on"]:
                return {"name": facts["name"], "was_on": True}
            name, etag = facts["name"], str(row.get("etag") or "")
    client.put_prerequisite(Writable.CONNECTOR, name, connector_body(step.target, etag=etag))
    return {"name": name}


def _install(client: SentinelClient, _step: SetupStep) -> dict[str, Any]:
    offered = resource_facts(Prerequisite.CATALOGUE, _list(client, Prerequisite.CATALOGUE))
    found = [
        row
        for row in offered
        if row["display_name"] == DISPLAY_NAME and row["kind"] in ("Solution", "")
    ]
    if not found:
        raise StepRefused(
            f"The content hub of this workspace does not offer the solution {DISPLAY_NAME}."
        )
    package = found[0]
    client.put_prerequisite(Writable.PACKAGE, package["content_id"], package_body(package))
    return {"name": package["content_id"], "version": package["version"]}


def _enable(client: SentinelClient, step: SetupStep) -> dict[str, Any]:
    """Enable the solution's rules that are there, and make the others from their templates."""
    in_defender = bool(is_in_defender_portal(step.workspace_id))
    rules = {}
    for row, facts in _analytics_rules(client):
        if (template := template_of(facts)) and not (template in rules and not facts["enabled"]):
            rules[template] = (row, facts)
    templates = {
        facts["content_id"]: facts
        for facts in resource_facts(Prerequisite.TEMPLATES, _list(client, Prerequisite.TEMPLATES))
    }
    written: list[str] = []
    missing: list[str] = []
    ends = time.monotonic() + SLICE
    for template, label in RULE_NAMES.items():
        until = callable_at(step.workspace_id)
        if written and (time.monotonic() > ends or (until and until > clock.unshifted())):
            raise StepUnfinished
        if template in rules:
            row, facts = rules[template]
            if not facts["enabled"]:
                change_rule(client, rule=row, changes={"enabled": True})
                written.append(label)
            continue
        if template not in templates:
            missing.append(label)
            continue
        offered = templates[template]
        answer = read_answer(client.read_prerequisite(Prerequisite.TEMPLATE, of=offered["name"]))
        body = rule_from_template(
            answer, template=template, version=offered["version"], with_tag=in_defender
        )
        if body is None:
            missing.append(label)
            continue
        name = resource_name(step.workspace, of=f"rule {template}")
        make_analytics_rule(client, name=name, body=body)
        written.append(label)
    if missing:
        raise StepRefused(
            f"{len(written)} rules were enabled. The installed content has no usable template"
            f" for: {', '.join(missing)}."
        )
    return {"written": written}


def _cover(client: SentinelClient, step: SetupStep) -> dict[str, Any]:
    name = resource_name(step.workspace, of="coverage rule")
    make_analytics_rule(client, name=name, body=coverage_body())
    return {"name": name}


def _single(client: SentinelClient, _step: SetupStep) -> dict[str, Any]:
    """Disable the connector's own rule, so that one kind of rule makes incidents."""
    written = []
    for row, facts in _analytics_rules(client):
        if facts["enabled"] and is_connectors_rule(facts):
            change_rule(client, rule=row, changes={"enabled": False})
            written.append(facts["display_name"])
    return {"written": written}


def _tag(client: SentinelClient, _step: SetupStep) -> dict[str, Any]:
    """Let the description of each rule that makes incidents begin with the tag."""
    written = []
    rules = _analytics_rules(client)
    makers = {rule["name"] for rule in incident_rules([facts for _, facts in rules])}
    for row, facts in rules:
        if facts["name"] in makers and not is_tagged(facts):
            description = (row.get("properties") or {}).get("description")
            change_rule(client, rule=row, changes={"description": tagged(description)})
            written.append(facts["display_name"])
    return {"written": written}


_WORK: dict[CheckRemedy, Callable[[SentinelClient, SetupStep], dict[str, Any]]] = {
    CheckRemedy.CONNECT: _connect,
    CheckRemedy.INSTALL: _install,
    CheckRemedy.ENABLE: _enable,
    CheckRemedy.COVER: _cover,
    CheckRemedy.SINGLE: _single,
    CheckRemedy.TAG: _tag,
}


def _analytics_rules(client: SentinelClient) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each analytics rule as it came, with what checks need of it."""
    rows = _list(client, Prerequisite.ANALYTICS_RULES)
    facts = resource_facts(Prerequisite.ANALYTICS_RULES, rows)
    return list(zip(rows, facts, strict=True))


def _list(client: SentinelClient, part: Prerequisite) -> list[dict[str, Any]]:
    """All pages of a list as they came. Raises UnreadableAnswer, and StepRefused where it does not
    end.
    """
    rows: list[dict[str, Any]] = []
    link = None
    for _ in range(MAX_PAGES):
        page, link = read_page(client.read_prerequisite(part, next_link=link))
        rows += page
        if not link:
            return rows
    raise StepRefused(f"The list of {part} has more than {MAX_PAGES} pages.")
