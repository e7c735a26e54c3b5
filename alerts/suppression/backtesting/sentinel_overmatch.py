"""What a rule would catch in Sentinel beyond what it says, read from history."""

from typing import Final

from alerts.sentinel.models import Workspace
from alerts.suppression.backtesting.fact_rows import Period, ask, inside
from alerts.suppression.engine import sql
from alerts.suppression.engine.backtest_body import Catches, DeployedBody
from alerts.suppression.engine.compile_sentinel import Target, compile_rule, deployed
from alerts.suppression.engine.rule import Rule
from alerts.suppression.engine.sentinel_conditions import PROBED
from alerts.suppression.engine.sql import Sql

MAX_LISTED = 200
_CATCHES: Final[dict[str, Catches]] = {"exact": "same", "wider": "more", "impossible": "nothing"}


def overmatch_in(rule: Rule, workspace: Workspace, period: Period) -> DeployedBody:
    """The compiler's answer for this workspace, with the extra incidents, the newest first."""
    # History is asked what the conditions would do, not whether the workspace takes them.
    compiled = compile_rule(rule, Target(workspace=workspace.name, accepts=PROBED))
    lost = [each for each in compiled.reasons if each.why.code != "sentinel.not_one"]
    catches = "same" if compiled.verdict == "wider" and not lost else _CATCHES[compiled.verdict]
    extra = _extra(rule, deployed(rule, compiled), workspace, period) if catches == "more" else []
    return DeployedBody(
        workspace=workspace.name,
        catches=catches,
        reasons=[(each.why.code, each.why.detail) for each in lost],
        extra=len(extra),
        incidents=extra[:MAX_LISTED],
    )


def _extra(rule: Rule, wide: Rule, workspace: Workspace, period: Period) -> list[int]:
    here = Sql("a.workspace_id = %s", (workspace.pk,))
    caught = inside(period, here, sql.where(wide))
    meant = inside(period, here, sql.where(rule))
    found = ask(
        "SELECT DISTINCT l.incident_id FROM incidents_alert a"
        f" JOIN incidents_incidentalert l ON l.alert_id = a.id WHERE {caught.text} EXCEPT"
        " SELECT l.incident_id FROM incidents_alert a"
        f" JOIN incidents_incidentalert l ON l.alert_id = a.id WHERE {meant.text}"
        " ORDER BY 1 DESC",
        (*caught.params, *meant.params),
    )
    return [row[0] for row in found]
