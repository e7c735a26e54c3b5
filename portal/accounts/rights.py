"""Which role may do what: one table of acts and roles, from which docs/rights.md is made.

A policy reads the roles of its act here and decides with `reach_of` or `roles_of` where they hold;
nothing else compares roles. A new role is a new column here, a member of `Role` with its migration,
and its labels. Acts are named `room.act`; "scope" lists for what a role can be granted, "side"
which roles are of OT and which of the SOC, and "token" for whose programs a scope of tokens is of
use.
"""

from collections.abc import Mapping
from typing import Final

from portal.accounts.models import GrantScope, Role

# OE OT engineer, OL OT site lead, SA SOC analyst, SL SOC lead, TM training manager, MA manager,
# AU auditor, AD administrator
_COLUMNS: Final = {
    "OE": Role.OT_ENGINEER,
    "OL": Role.OT_SITE_LEAD,
    "SA": Role.SOC_ANALYST,
    "SL": Role.SOC_LEAD,
    "TM": Role.TRAINING_MANAGER,
    "MA": Role.MANAGER,
    "AU": Role.AUDITOR,
    "AD": Role.ADMINISTRATOR,
}
_TABLE: Final = """
                                 OE OL SA SL TM MA AU AD
scope.all                        x  x  x  x  x  x  x  x
scope.organisation               x  x  x  x  x  x  x  .
scope.workspace                  x  x  x  x  x  x  x  .
scope.site                       x  x  .  .  .  x  .  .
side.ot                          x  x  .  .  .  .  .  .
side.soc                         .  .  x  x  .  .  .  .
token.incidents:write            .  .  x  x  .  .  .  .
token.reviews:write              x  x  x  x  .  .  .  .
token.work:write                 x  x  .  .  .  .  .  .
token.sites:write                x  x  .  .  .  .  .  x
token.rules:write                x  x  x  x  .  .  .  .
accounts.manage                  .  .  .  .  .  .  .  x
audit.read                       .  .  .  .  .  .  x  .
exports.export                   x  x  x  x  x  x  x  .
ui.operations                    .  x  x  x  x  x  x  x
sentinel.see_workspace           x  x  x  x  .  x  x  x
sentinel.administer              .  .  .  .  .  .  .  x
outbox.resolve                   .  .  .  x  .  .  .  x
sites.see                        x  x  x  x  .  x  x  x
sites.describe                   x  x  .  .  .  .  .  .
sites.lead                       .  x  .  .  .  .  .  .
sites.set                        .  x  .  .  .  .  .  x
incidents.read                   x  x  x  x  .  x  x  .
incidents.act                    .  .  x  x  .  .  .  .
incidents.hear_escalation        .  .  .  x  .  .  .  .
incidents.lead_views             .  x  .  x  .  .  .  .
captures.open                    x  x  x  x  .  .  x  .
captures.remove                  .  .  .  x  .  .  .  .
captures.remove_own              .  .  x  x  .  .  .  .
planned_work.plan                x  x  .  .  .  .  .  .
planned_work.confirm             .  x  x  x  .  .  .  .
reviews.ask                      .  .  x  x  .  .  .  .
reviews.answer                   x  x  .  .  .  .  .  .
reviews.lead_for_ot              .  x  .  .  .  .  .  .
reviews.lead_for_soc             .  .  .  x  .  .  .  .
suppression.propose              x  x  x  x  .  .  .  .
suppression.sign_for_ot          x  x  .  .  .  .  .  .
suppression.sign_for_soc         .  .  .  x  .  .  .  .
suppression.stop                 x  x  x  x  .  .  .  .
suppression.end_hold_for_ot      .  x  .  .  .  .  .  .
suppression.end_hold_for_soc     .  .  .  x  .  .  .  .
suppression.switch_on            .  .  .  x  .  .  .  .
suppression.hear_of_deployments  .  .  .  x  .  .  .  .
patterns.status_sync             .  .  .  x  .  .  .  x
intake.view_past                 .  .  x  x  .  .  x  x
intake.read_past                 .  .  .  .  .  .  .  x
intake.push                      .  .  .  .  .  .  .  x
automation.read_again            .  .  x  x  .  .  .  x
automation.make_rule             .  .  .  x  .  .  .  .
automation.remove_rule           .  .  x  x  .  .  .  x
automation.check_workflow        .  .  .  x  .  .  .  x
automation.mark_acting           .  x  .  x  .  .  .  x
automation.mark_harmless         .  x  .  .  .  .  .  .
readiness.view                   .  .  x  x  .  .  x  x
readiness.check                  .  .  .  x  .  .  .  x
readiness.set_up                 .  .  .  .  .  .  .  x
dashboards.numbers               .  x  .  x  .  x  x  .
dashboards.plan                  x  x  .  x  .  x  .  .
dashboards.details               .  .  .  x  .  .  x  x
dashboards.status                .  .  .  .  .  .  .  x
dashboards.history               .  .  .  x  .  x  .  .
catalog.write                    .  .  .  .  x  .  .  .
catalog.review                   .  .  .  .  x  .  .  .
matrix.open                      x  x  x  x  x  x  x  .
progress.learn                   x  x  x  x  x  .  .  .
progress.totals_of_ot            .  x  .  .  x  x  .  .
progress.totals_of_soc           .  .  .  x  x  x  .  .
"""


def _read(table: str) -> Mapping[str, frozenset[Role]]:
    head, *lines = table.strip().splitlines()
    roles = [_COLUMNS[code] for code in head.split()]
    rows = (line.split() for line in lines)
    return {
        act: frozenset(role for role, mark in zip(roles, marks, strict=True) if mark == "x")
        for act, *marks in rows
    }


RIGHTS: Final = _read(_TABLE)


def roles_for(act: str) -> frozenset[Role]:
    """Return the roles that may do this; KeyError where the table has no such act."""
    return RIGHTS[act]


OT_ROLES: Final = roles_for("side.ot")
SOC_ROLES: Final = roles_for("side.soc")
READING_ROLES: Final = roles_for("incidents.read")
SCOPES_OF_ROLE: Final[Mapping[Role, frozenset[GrantScope]]] = {
    role: frozenset(scope for scope in GrantScope if role in roles_for(f"scope.{scope}"))
    for role in Role
}
