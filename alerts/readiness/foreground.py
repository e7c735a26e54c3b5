"""The doors for `workspace check` and `workspace move-check`: read at once, and judge."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.automation.services.inventory import read_inventory_now
from alerts.intake.services.foreground import Patience, patient_client
from alerts.readiness.engine.move import MOVE_DATE
from alerts.readiness.move_wording import findings_for_programs
from alerts.readiness.queries.move import move_findings_of
from alerts.readiness.queries.readings import checks_of
from alerts.readiness.services.check_workspace import check_workspace
from alerts.readiness.wording import for_programs
from alerts.sentinel.client import client_for
from alerts.sentinel.client.connection import missing_secret
from alerts.sentinel.client.port import SentinelClient
from alerts.sentinel.models import ClientPurpose, Workspace
from portal.errors import Refused


class CannotReadHere(Refused):
    """A workspace is not read by this command; what workers have read stays."""


MAX_SILENCE = timedelta(seconds=30)  # that a person at the command line waits for one call


def check_now(workspace: Workspace, now: datetime) -> list[dict[str, Any]]:
    """Read everything around a workspace, as its workers do once a day, and return the checks with
    the members that `workspace check --json` promises. A short silence that Azure asks for is kept.
    Where this process lacks the secret of a purpose, its sign-in has failed here, and what workers
    have read stays.
    """
    missing = {}
    if not workspace.is_removed:
        for purpose in ClientPurpose:
            if reason := missing_secret(workspace.connection_for(purpose.value)):
                missing[f"sign-in ({purpose.value})"] = reason
            else:
                check_workspace(workspace, purpose=purpose.value, now=now, connect=_patient)
    return [
        check | _failed_here(missing[check["name"]], now) if check["name"] in missing else check
        for check in for_programs(checks_of(workspace, now=now))
    ]


def _failed_here(reason: str, now: datetime) -> dict[str, Any]:
    fix = "Run the command where the secret is."
    return {"state": "failed", "evidence": reason, "fix": fix, "checked_at": now}


def check_move_now(
    workspace: Workspace, now: datetime, _options: Mapping[str, Any]
) -> dict[str, Any]:
    """Read what the move to the Defender portal touches, and return what it will break with the
    members that `workspace move-check --json` promises.
    """
    if not workspace.is_removed:
        _refuse_without_secrets(workspace, ClientPurpose.READ, ClientPurpose.RULES)
        check_workspace(workspace, purpose=ClientPurpose.READ.value, now=now, connect=_patient)
        read_inventory_now(workspace, now=now, connect=_patient)
    findings = findings_for_programs(move_findings_of(workspace, now=now))
    return {"workspace": workspace.name, "day": MOVE_DATE, "findings": findings}


def _refuse_without_secrets(workspace: Workspace, *purposes: ClientPurpose) -> None:
    """Raise CannotReadHere where this process lacks the secret of a purpose: a failed sign-in would
    take the place of what a worker with the secret has read.
    """
    for purpose in purposes:
        if reason := missing_secret(workspace.connection_for(purpose.value)):
            raise CannotReadHere(
                f"{workspace.name} was not read, because this process cannot sign in there"
                f" ({purpose.value}): {reason} Run the command where the secret is."
            )


def _patient(workspace: Workspace, purpose: str) -> SentinelClient:
    patience = Patience(workspace, lambda _: None, purpose=purpose, max_silence=MAX_SILENCE)
    client = client_for(workspace, purpose)
    return patient_client(client=client, workspace=workspace, patience=patience)
