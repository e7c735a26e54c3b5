"""`workspace add|list|pause|resume|remove|credential|secret|source|check`, and what upper
rooms add (`validate`, `scope`): the workspaces of Tagout.
"""

import sys
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.sentinel.models import IncidentSource, Workspace
from alerts.sentinel.queries import (
    connection_health_by_workspace,
    is_in_defender_portal,
    waiting_incidents,
)
from alerts.sentinel.registry import WorkspaceAction, registry_checks, workspace_actions
from alerts.sentinel.services import workspaces
from portal import clock
from portal.accounts.models import Organisation
from portal.command import TagoutCommand

BY = "command line"
_PLACE = ("tenant", "subscription", "resource_group", "workspace")
_ADDRESSES = ("endpoint", "authority", "logs_endpoint", "ca_bundle", "source", "graph_endpoint")
_IDENTITY = ("credential", "client_id", "secret_env", "secret_ends", "certificate")


class Command(TagoutCommand):
    """Register workspaces, look at them, pause and remove them."""

    help = "Register, list, pause, resume, remove and check Sentinel workspaces."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the action, the workspace and the options of all actions."""
        actions = ", ".join([*_ACTIONS, *workspace_actions()])
        parser.add_argument("action", nargs="?", default="", help=actions)
        parser.add_argument("name", nargs="?", default="", help="the workspace's name in Tagout")
        parser.add_argument("value", nargs="?", default="", help="of scope: d4iot, rules or all")
        for option in (*_PLACE, *_ADDRESSES, *_IDENTITY):
            parser.add_argument("--" + option.replace("_", "-"), default="")
        parser.add_argument("--organisation", default="", help="whose workspace it is")
        parser.add_argument("--playbook", default="", help="that validate runs, by its name")
        parser.add_argument("--for", dest="purpose", default="", help="read, incidents or rules")

    def run(self, **options: Any) -> Any:
        """Do what the first word names."""
        added = workspace_actions()
        act = _ACTIONS.get(options["action"])
        if act is None and options["action"] in added:
            act = partial(_add_on, added[options["action"]])
        if act is None:
            raise CommandError(f"The actions of workspace are {', '.join([*_ACTIONS, *added])}.")
        if options["action"] != "list" and not options["name"]:
            raise CommandError(f"workspace {options['action']} needs the name of a workspace.")
        result = act(options)
        if isinstance(result, dict):
            has_failed = any(check["state"] == "failed" for check in result.get("checks", ()))
            is_open = any(row["state"] != "note" for row in result.get("findings", ()))
            self.failed = has_failed or is_open
        return result

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command, but a check that fails ends with 1 after it was printed."""
        self.failed = False
        super().handle(*args, **options)
        if self.failed:
            sys.exit(1)

    def show(self, result: Any) -> None:
        """Checks and findings one a line; everything else as usual."""
        if isinstance(result, dict) and "checks" in result:
            for check in result["checks"]:
                fix = f" {check['fix']}" if check["fix"] else ""
                self.stdout.write(f"{check['state']:8}{check['name']}: {check['evidence']}{fix}")
        elif isinstance(result, dict) and "findings" in result:
            for row in result["findings"]:
                fix = f" {row['fix']}" if row["fix"] else ""
                self.stdout.write(f"{row['state']:8}{row['kind']}: {row['evidence']}{fix}")
            if not result["findings"]:
                self.stdout.write("Nothing breaks.")
        else:
            super().show(result)


def _add(options: dict[str, Any]) -> dict[str, object]:
    needed = [*_PLACE, "credential"]
    if missing := ["--" + part.replace("_", "-") for part in needed if not options[part]]:
        raise CommandError(f"workspace add also needs {', '.join(missing)}.")
    values = {part: options[part] for part in (*_PLACE, *_ADDRESSES, *_IDENTITY) if options[part]}
    organisation = None
    if options["organisation"]:
        organisation = Organisation.objects.filter(name=options["organisation"]).first()
        if organisation is None:
            raise CommandError(f"There is no organisation named {options['organisation']}.")
    added = workspaces.add_workspace(
        name=options["name"], organisation=organisation, by=BY, now=clock.now(), **values
    )
    return _described(added)


def _list(options: dict[str, Any]) -> list[dict[str, object]]:
    standings = connection_health_by_workspace(now=clock.unshifted())
    rows = []
    for workspace in Workspace.objects.order_by("name"):
        standing = standings.get(workspace.pk)
        reached = standing.reached_at if standing else None
        rows.append(
            _described(workspace)
            | {
                "health": standing.health.value if standing else "unknown",
                "reached_at": reached.isoformat() if reached else None,
                "latest_error": standing.error if standing else "",
                "waiting_incidents": waiting_incidents(workspace.pk).count,
            }
        )
    return rows


def _credential(options: dict[str, Any]) -> dict[str, object]:
    values = {part: options[part] for part in _IDENTITY}
    row = workspaces.set_credential(
        name=options["name"], purpose=options["purpose"], by=BY, now=clock.now(), **values
    )
    return {"name": options["name"], "purpose": row.purpose, "credential": row.kind}


def _secret(options: dict[str, Any]) -> dict[str, object]:
    ends_on = workspaces.set_secret_end(
        name=options["name"],
        secret_ends=options["secret_ends"],
        purpose=options["purpose"],
        by=BY,
        now=clock.now(),
    )
    return {"name": options["name"], "secret_ends_on": ends_on.isoformat()}


def _source(options: dict[str, Any]) -> dict[str, object]:
    if not options["source"]:
        raise CommandError(f"workspace source needs --source {' or '.join(IncidentSource.values)}.")
    changed = workspaces.set_source(
        name=options["name"],
        source=options["source"],
        graph_endpoint=options["graph_endpoint"],
        by=BY,
        now=clock.now(),
    )
    return _described(changed)


def _add_on(act: WorkspaceAction, options: dict[str, Any]) -> dict[str, Any]:
    return act(_workspace(options), clock.now(), options)


def _workspace(options: dict[str, Any]) -> Workspace:
    workspace = Workspace.objects.filter(name=options["name"]).first()
    if workspace is None:
        raise CommandError(f"There is no workspace named {options['name']}.")
    return workspace


def _check(options: dict[str, Any]) -> dict[str, Any]:
    workspace = _workspace(options)
    return {"workspace": workspace.name, "checks": registry_checks(workspace, now=clock.now())}


def _described(workspace: Workspace) -> dict[str, object]:
    return {
        "name": workspace.name,
        "uuid": str(workspace.uuid),
        "state": str(workspace.state),
        "workspace": workspace.workspace_name,
        "endpoint": workspace.endpoint,
        "credential": str(workspace.credential),
        "source": str(workspace.source),
        "in_defender_portal": is_in_defender_portal(workspace.pk),
    }


_ACTIONS: dict[str, Any] = {
    "add": _add,
    "list": _list,
    "pause": lambda o: _described(
        workspaces.pause_workspace(name=o["name"], by=BY, now=clock.now())
    ),
    "resume": lambda o: _described(
        workspaces.resume_workspace(name=o["name"], by=BY, now=clock.now())
    ),
    "remove": lambda o: _described(
        workspaces.remove_workspace(name=o["name"], by=BY, now=clock.now())
    ),
    "credential": _credential,
    "secret": _secret,
    "source": _source,
    "check": _check,
}
