"""`suppression_off`: the kill switch; needs neither broker nor workers."""

import getpass
import re
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.outbox.foreground import push_rules_now
from alerts.outbox.models import SUPPRESSING, RuleKind, WantedRule
from alerts.rules.watchlist import lease_of_gate
from alerts.sentinel.models import Workspace
from alerts.suppression.deploying.deployments import gate_of
from alerts.suppression.deploying.kill_switch import switch_off, switch_rule_off
from alerts.suppression.models import Rule
from portal import clock
from portal.command import TagoutCommand

SECONDS = 55.0  # of the minute within which all gates must stand
_NUMBER = re.compile(r"(?:R-)?([1-9]\d{0,8})", re.IGNORECASE)


class Command(TagoutCommand):
    """Stop suppression everywhere, in one workspace, or of one rule."""

    help = "Switch suppression off: everywhere, in one workspace, or one rule."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where, and why."""
        parser.add_argument("--workspace", default="", help="only in this workspace")
        parser.add_argument("--rule", default="", help="only this rule, such as R-12")
        parser.add_argument("--reason", default="", help="why, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command, but where a gate is not there yet it ends with 1 after printing."""
        self.failed = False
        super().handle(*args, **options)
        if self.failed:
            sys.exit(1)

    def run(self, **options: Any) -> dict[str, Any]:
        """Commit the stop first, then deliver it ourselves."""
        if options["workspace"] and options["rule"]:
            raise CommandError("Name a workspace or a rule, not both.")
        by = f"command line ({_user()})"
        if options["rule"]:
            rule = _rule(options["rule"])
            switch_rule_off(rule_id=rule.pk, by_label=by, reason=options["reason"], now=clock.now())
            return self._deliver(rule.label, _rows(about=rule.uuid))
        place = _workspace(options["workspace"]) if options["workspace"] else None
        switch_off(
            by=None,
            by_label=by,
            workspace_id=place.pk if place else None,
            reason=options["reason"],
            now=clock.now(),
        )
        rows = _rows(workspace=place) if place else _rows()
        return self._deliver(place.name if place else "everywhere", rows, gates=True)

    def _deliver(self, target: str, rows: Any, *, gates: bool = False) -> dict[str, Any]:
        self.stderr.write(f"Off: {target}. Tagout closes nothing there any more.")
        ids = sorted(set(rows.values_list("workspace_id", flat=True)))
        push_rules_now(workspace_ids=ids, now=clock.now(), seconds=SECONDS)
        results = [
            _workspace_result(workspace, rows, gates=gates)
            for workspace in Workspace.objects.filter(pk__in=ids)
        ]
        results.sort(key=lambda row: str(row["workspace"]))
        self.failed = any(row["gate"] not in ("open", "") for row in results) or (
            not gates and any(row["rules_still_there"] for row in results)
        )
        return {"off": target, "workspaces": results}

    def show(self, result: dict[str, Any]) -> None:
        """One line a workspace."""
        if not result["workspaces"]:
            self.stdout.write("Sentinel holds nothing of ours, so nothing had to be done there.")
        for row in result["workspaces"]:
            self.stdout.write(
                "  ".join(
                    f"{name}: {value}"
                    for name, value in row.items()
                    if value or name == "rules_still_there"
                )
            )


def _workspace_result(workspace: Workspace, rows: Any, *, gates: bool) -> dict[str, Any]:
    local = rows.filter(workspace=workspace)
    gate = gate_of(local.filter(kind=RuleKind.GATE).first())
    rules = local.filter(kind=RuleKind.RULE, wanted__isnull=True)
    pending = [row for row in rules if not row.is_as_wanted]
    errors = [gate.error if gates else "", *(row.latest_error for row in pending)]
    list_gate = local.filter(kind=RuleKind.LIST_GATE).first()
    return {
        "workspace": workspace.name,
        "gate": gate.standing if gates else "",
        "watchlist": _gate_state(list_gate) if gates else "",
        "rules_still_there": len(pending),
        "error": next((error for error in errors if error), ""),
    }


def _gate_state(gate: WantedRule | None) -> str:
    """Whether the list of routine says nothing any more, as far as Azure has answered."""
    if gate is None:
        return ""
    return "shut" if gate.is_as_wanted and lease_of_gate(gate.wanted) is None else "not shut yet"


def _rows(**where: Any) -> Any:
    rows = WantedRule.objects.filter(kind__in=(*SUPPRESSING, RuleKind.LIST_GATE), **where)
    return rows.exclude(workspace__state=Workspace.State.REMOVED)


def _rule(text: str) -> Rule:
    found = _NUMBER.fullmatch(text.strip())
    rule = Rule.objects.filter(number=int(found[1])).first() if found else None
    if rule is None:
        raise CommandError(f"There is no rule {text}.")
    return rule


def _workspace(name: str) -> Workspace:
    place = Workspace.objects.filter(name=name).first()
    if place is None:
        raise CommandError(f"There is no workspace named {name}.")
    return place


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown user"
