"""`rule compile FILE --to sql|kql|automation-rule [--workspace W]`, and `rule backtest FILE
[--days N]`: what a rule in canonical JSON means elsewhere, and what it would have done.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.rules import sql
from alerts.rules.compile_sentinel import compile_rule
from alerts.rules.kql import compile_kql
from alerts.rules.rule import (
    MAX_RULE_BYTES,
    NotARule,
    RuleDefinition,
    parse_rule,
    pinned,
    reasons_against_rule,
    rule_hash,
)
from alerts.rules.sentence import Sentence, translated_sentence
from alerts.sentinel.models import Workspace
from alerts.suppression.backtesting.backtest import DAYS, run_backtest
from alerts.suppression.drafting.enforcement_choice import target_of
from portal import clock
from portal.command import TagoutCommand

FORMS = ("sql", "kql", "automation-rule")


class Command(TagoutCommand):
    """Read a rule from a file and say what it means."""

    help = "Compile a rule to SQL, KQL or a Sentinel automation rule, or back-test it."

    def add_arguments(self, parser: CommandParser) -> None:
        """One word for what to do, a file, then options."""
        parser.add_argument("action", nargs="?", default="", help=", ".join(_ACTIONS))
        parser.add_argument("file", nargs="?", default="", help="a rule in canonical JSON")
        parser.add_argument("--to", default="", help=", ".join(FORMS))
        parser.add_argument("--workspace", default="", help="for automation-rule: one of ours")
        parser.add_argument("--days", default=str(DAYS))

    def run(self, **options: Any) -> Any:
        """Do what the first word names."""
        act = _ACTIONS.get(options["action"])
        if act is None:
            raise CommandError(f"Name what to do: {' or '.join(_ACTIONS)}.")
        return act(_read(options["file"], options["action"]), options)

    def show(self, result: Any) -> None:
        """SQL and KQL as they are, verdicts and figures one a line."""
        if "sql" in result:
            self.stdout.write(f"{result['sql']}\n{result['params']}")
        elif "kql" in result:
            self.stdout.write(result["kql"])
        elif "forms" in result:
            for form in result["forms"]:
                self.stdout.write(f"{form['workspace']}: {form['verdict']}")
                for reason in form["reasons"]:
                    self.stdout.write(f"  {reason}")
        else:
            names = ("total", "after_each", "alerts", "incidents", "true_positives")
            for name in names:
                self.stdout.write(f"{name}: {result[name]}")
            self.stdout.write(result["judged"]["words"])
            for reason in result["reasons"]:
                self.stdout.write(f"against it: {reason}")


def _read(name: str, action: str) -> RuleDefinition:
    """Return the rule in the file; raise `CommandError` with one sentence for each thing wrong."""
    if not name:
        raise CommandError(f"rule {action} needs a file with a rule in canonical JSON.")
    try:
        with Path(name).open("rb") as file:
            text = file.read(MAX_RULE_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None
    try:
        rule = parse_rule(text)
    except NotARule as refusal:
        raise CommandError("\n".join(refusal.reasons)) from None
    if reasons := reasons_against_rule(rule):
        raise CommandError("\n".join(reasons))
    return rule


def _compile(rule: RuleDefinition, options: dict[str, Any]) -> dict[str, Any]:
    if options["to"] not in FORMS:
        raise CommandError(f"rule compile needs --to {', '.join(FORMS[:-1])} or {FORMS[-1]}.")
    result: dict[str, Any] = {"title": rule.title, "rule_hash": rule_hash(rule)}
    if options["to"] == "sql":
        piece = sql.rule_condition_sql(rule)
        text = f"SELECT a.id FROM incidents_alerts a WHERE {piece.text}"
        return result | {"sql": text, "params": list(piece.params)}
    if options["to"] == "kql":
        query = compile_kql(rule)
        left_out = [clause.as_json() for clause in query.left_out]
        return result | {"kql": query.text, "is_exact": query.is_exact, "left_out": left_out}
    return result | {
        "forms": [_form(rule, workspace) for workspace in _workspaces(rule, options["workspace"])]
    }


def _form(rule: RuleDefinition, workspace: Workspace) -> dict[str, Any]:
    compiled = compile_rule(rule, target_of(workspace))
    return {
        "workspace": workspace.name,
        "verdict": compiled.verdict,
        "reasons": [str(reason.why) for reason in compiled.reasons],
        "conditions": list(compiled.conditions),
    }


def _workspaces(rule: RuleDefinition, name: str) -> list[Workspace]:
    """The one that was named, else those that the rule names, else all."""
    spaces = Workspace.objects.exclude(state=Workspace.State.REMOVED).order_by("name")
    names = (name,) if name else pinned(rule.all_of, "workspace")
    found = list(spaces.filter(name__in=names) if names else spaces)
    if missing := sorted(set(names) - {workspace.name for workspace in found}):
        raise CommandError(f"There is no workspace named {missing[0]}.")
    if not found:
        raise CommandError("There is no workspace yet: add one with `workspace add`.")
    return found


def _backtest(rule: RuleDefinition, options: dict[str, Any]) -> dict[str, Any]:
    days = options["days"]
    if not days.isascii() or not days.isdigit():
        raise CommandError(f"--days must be a number of days: {days}")
    run = run_backtest(rule=rule, now=clock.now(), days=int(days[:6]))
    reasons = [translated_sentence(Sentence(code, **detail)) for code, detail in run.reasons]
    return {**run.body, "uuid": run.uuid, "reasons": reasons, "seconds": run.seconds}


_ACTIONS = {"compile": _compile, "backtest": _backtest}
