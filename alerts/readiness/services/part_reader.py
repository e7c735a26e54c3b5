"""Reads the parts that are around one workspace with one identity, and keeps what it read."""

import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from alerts.automation.queries import playbook_ids_of
from alerts.intake.services.backfill_requests import reread_past
from alerts.intake.services.sweep import schedule_comparison
from alerts.readiness.engine.answers import (
    IS_LIST,
    UnreadableAnswer,
    playbook_groups,
    read_answer,
    read_page,
    resource_facts,
    single_fact,
)
from alerts.readiness.engine.solution import reads_iot
from alerts.readiness.models import Finding
from alerts.readiness.queries.readings import newest_incident_of
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelDenied,
    SentinelError,
    SentinelNotFound,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import callable_at
from alerts.sentinel.services.reach import note_error, note_success
from alerts.sentinel.services.scope import keep_rules
from alerts.sentinel.wire.automation import read_automation_rules
from alerts.sentinel.wire.playbooks import is_standard_playbook
from alerts.sentinel.wire.records import NotAPage
from portal import clock

MAX_PAGES, MAX_OF_A_KIND = 20, 20
_WHOLE_WORKSPACE = (
    Prerequisite.WORKSPACE,
    Prerequisite.ONBOARDING,
    Prerequisite.PROVIDER,
    Prerequisite.CONNECTORS,
    Prerequisite.PACKAGES,
    Prerequisite.ANALYTICS_RULES,
    Prerequisite.SETTINGS,
)
_OF_A_SUBSCRIPTION = (
    Prerequisite.SUBSCRIPTION_RIGHTS,
    Prerequisite.PLAN,
    Prerequisite.REQUIREMENTS,
)


class OutOfTime(Exception):
    """A round is not through when its time is up, or Azure asked for silence meanwhile."""


class PartReader:
    """Reads one workspace with one identity, and keeps what it read."""

    def __init__(
        self, workspace: Workspace, purpose: str, now: datetime, since: datetime | None, ends: float
    ) -> None:
        self.workspace, self.purpose, self.now = workspace, purpose, now
        self._ends = ends
        tried = Finding.objects.filter(workspace=workspace, tried_at__gte=since) if since else None
        self._done = set(tried.values_list("part", flat=True)) if tried is not None else set()

    def _is_done(self, part: str) -> bool:
        """Whether the round has read this part already."""
        if part in self._done:
            return True
        if time.monotonic() > self._ends or self._must_be_silent():
            raise OutOfTime
        return False

    def _must_be_silent(self) -> bool:
        """Whether another process has been asked to call this workspace later. A person's own
        command goes on: Azure asks it by itself.
        """
        until = callable_at(self.workspace.pk) if self._ends < math.inf else None
        return until is not None and until > clock.unshifted()

    def keep(self, part: str, facts: Any) -> None:
        """Keep what was read of a part."""
        Finding.objects.update_or_create(
            workspace=self.workspace,
            part=part,
            defaults={
                "facts": facts,
                "read_at": self.now,
                "tried_at": self.now,
                "error": "",
                "error_code": "",
            },
        )

    def keep_error(self, part: str, message: str, code: str) -> None:
        """Keep why a part could not be read, beside what was read of it before."""
        Finding.objects.update_or_create(
            workspace=self.workspace,
            part=part,
            defaults={"tried_at": self.now, "error": message[:500], "error_code": code[:100]},
        )

    def probe(self, client: SentinelClient) -> None:
        """Sign in and list one incident. What Azure answers is a fact, too."""
        part = f"probe {self.purpose}"
        try:
            found = client.probe()
        except SentinelError as error:
            facts = {"kind": _kind(error), "error": error.message, "code": error.code}
            self.keep(part, facts)
            note_error(
                workspace_id=self.workspace.pk,
                error=error,
                now=clock.unshifted(),
                purpose=self.purpose,
            )
            raise
        self.keep(part, {"has_incidents": found.has_incidents, "reads_left": found.reads_left})
        note_success(
            workspace_id=self.workspace.pk,
            now=clock.unshifted(),
            purpose=self.purpose,
            calls_left=client.calls_left,
            credential_ends_at=client.credential_ends_at,
        )

    def ask_for_details(self, client: SentinelClient) -> None:
        """Ask for alerts and entities of the newest incident. No list of Microsoft's names the
        right to either, so that only a refusal shows that it is missing.
        """
        name = newest_incident_of(self.workspace)
        if not name or self._is_done("details"):
            return
        calls = {"alerts": client.list_alerts, "entities": client.list_entities}
        refused = []
        for what, call in calls.items():
            try:
                call(name)
            except SentinelDenied:
                refused.append(f"POST incidents/{{id}}/{what}")
            except SentinelError as error:
                self._note("details", error)
                return
        self.keep("details", {"refused": refused})

    def read_whole(self, client: SentinelClient) -> None:
        """Read every part that is no right of another purpose."""
        for part in _WHOLE_WORKSPACE:
            if part in IS_LIST:
                self.read_list(client, part)
            else:
                self.read_single(client, part)
        for subscription in self._subscriptions():
            for part in _OF_A_SUBSCRIPTION:
                if part in IS_LIST:
                    self.read_list(client, part, of=subscription)
                else:
                    self.read_single(client, part, of=subscription)
        for group in self._read_playbook_groups(client):
            self.read_list(client, Prerequisite.ROLE_ASSIGNMENTS, of=group)

    def read_playbook_rights(self, client: SentinelClient) -> None:
        """Read our rights on each resource group that holds playbooks, and which plans it holds."""
        plans: dict[str, set[bool]] = defaultdict(set)
        for playbook in playbook_ids_of(self.workspace.pk):
            group = playbook.partition("/providers/")[0]
            plans[group].add(is_standard_playbook(playbook))
        groups = {group: sorted(plans[group]) for group in sorted(plans)[:MAX_OF_A_KIND]}
        for group in groups:
            key = f"rights {self.purpose} {group}"
            self.read_list(client, Prerequisite.GROUP_RIGHTS, of=group, key=key)
        self.keep(f"playbooks {self.purpose}", groups)

    def read_list(
        self, client: SentinelClient, part: Prerequisite, *, of: str = "", key: str = ""
    ) -> None:
        """Read all pages of a list. Raises what shows that Azure does not answer at all."""
        name = key or f"{part} {of}".strip()
        if self._is_done(name):
            return
        rows: list[dict[str, Any]] = []
        link = None
        try:
            for _ in range(MAX_PAGES):
                page, link = read_page(client.read_prerequisite(part, of=of, next_link=link))
                rows += page
                if not link:
                    break
            else:
                self.keep_error(name, f"The list has more than {MAX_PAGES} pages.", "Loop")
                return
            facts = resource_facts(part, rows)
            self.keep(name, facts)
            if part is Prerequisite.ANALYTICS_RULES:
                self._learn_rules(facts)
        except UnreadableAnswer as broken:
            self.keep_error(name, str(broken), "NotReadable")
        except SentinelError as error:
            self._note(name, error)

    def _learn_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Pass to intake which rules read alerts of Defender for IoT. Where there are new ones,
        their incidents are listed, which stayed outside, and looked for in the logs.
        """
        iot = {rule["name"] for rule in rules if reads_iot(rule)}
        other = {rule["name"] for rule in rules} - iot
        place = self.workspace.pk
        with transaction.atomic():
            if keep_rules(workspace_id=place, iot=iot, other=other, by="readiness", now=self.now):
                schedule_comparison(workspace_id=place)
                reread_past(workspace_id=place, now=self.now)

    def read_single(self, client: SentinelClient, part: Prerequisite, *, of: str = "") -> None:
        """Read an answer that is no list. Where Sentinel is off there is no onboarding state."""
        name = f"{part} {of}".strip()
        if self._is_done(name):
            return
        try:
            answer = read_answer(client.read_prerequisite(part, of=of))
            self.keep(name, single_fact(part, answer))
        except UnreadableAnswer as broken:
            self.keep_error(name, str(broken), "NotReadable")
        except SentinelNotFound as error:
            if part is Prerequisite.ONBOARDING:
                self.keep(name, {"is_on": False})
            else:
                self._note(name, error)
        except SentinelError as error:
            self._note(name, error)

    def _read_playbook_groups(self, client: SentinelClient) -> list[str]:
        """The resource groups of the playbooks that automation rules start; none where unread."""
        if self._is_done("playbook groups"):
            row = Finding.objects.get(workspace=self.workspace, part="playbook groups")
            return list(row.facts or ())
        rules: list[dict[str, Any]] = []
        link = None
        try:
            for _ in range(MAX_PAGES):
                page, link = read_automation_rules(client.list_automation_rules(next_link=link))
                rules += [rule.properties for rule in page]
                if not link:
                    break
        except NotAPage as broken:
            self.keep_error("playbook groups", str(broken), "NotReadable")
            return []
        except SentinelError as error:
            self._note("playbook groups", error)
            return []
        groups = playbook_groups(rules)[:MAX_OF_A_KIND]
        self.keep("playbook groups", groups)
        return groups

    def _subscriptions(self) -> list[str]:
        rows = Finding.objects.filter(workspace=self.workspace, part=Prerequisite.CONNECTORS)
        connectors = rows.values_list("facts", flat=True).first() or []
        named = {row["subscription"] for row in connectors if row["kind"] == "IOT"} - {""}
        return (sorted(named) or [self.workspace.subscription_id.lower()])[:MAX_OF_A_KIND]

    def _note(self, part: str, error: SentinelError) -> None:
        """A refusal is about this part; silence is about the workspace, and ends the round."""
        self.keep_error(part, error.message, error.code)
        if isinstance(error, SentinelUnavailable | SentinelThrottled):
            note_error(
                workspace_id=self.workspace.pk,
                error=error,
                now=clock.unshifted(),
                purpose=self.purpose,
            )
            raise error


def _kind(error: SentinelError) -> str:
    if error.is_of_sign_in:
        return "sign-in"
    match error:
        case SentinelThrottled():
            return "throttled"
        case SentinelDenied():
            return "denied"
        case SentinelNotFound():
            return "not found"
    return "unreachable"
