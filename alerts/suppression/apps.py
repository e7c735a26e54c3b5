from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest

    from portal.ui.shell import FooterLine


class SuppressionConfig(AppConfig):
    name = "alerts.suppression"
    label = "suppression"

    def ready(self) -> None:
        _register_pages()
        _register_deliveries()
        _register_deployments()
        _register_clock()


def _register_pages() -> None:
    from alerts.suppression.web.palette import find_rules
    from portal.accounts.models import READING_ROLES
    from portal.ui.navigation import NOISE, NavItem, register_nav
    from portal.ui.palette import Finder, register_finder
    from portal.ui.shell import register_shell_fact

    register_nav(
        NavItem(
            _("Suppression rules"),
            "shield-off",
            "suppression:rules",
            section=NOISE,
            order=20,
            roles=READING_ROLES,
            key="u",
        ),
        NavItem(
            _("Approvals"),
            "badge-check",
            "suppression:approvals",
            section=NOISE,
            order=30,
            counter="suppression.to_judge",
            roles=READING_ROLES,
            key="a",
        ),
        NavItem(
            _("Deployments"),
            "rocket",
            "suppression:deployments",
            section=NOISE,
            order=40,
            roles=READING_ROLES,
        ),
        NavItem(
            _("Ledger"),
            "scroll-text",
            "suppression:ledger",
            section=NOISE,
            order=50,
            roles=READING_ROLES,
        ),
    )
    register_shell_fact("suppression.to_judge", _count_for_rail)
    register_shell_fact("suppression.off", _off_line, place="footer")
    register_finder(
        Finder(
            "rules",
            _("Suppression rules"),
            find_rules,
            order=50,
            roles=READING_ROLES,
            hint=_("a rule by its number (R-12) or title"),
        )
    )


def _register_deliveries() -> None:
    from alerts.outbox.models import OF_RULES, WriteKind
    from alerts.outbox.registry import (
        register_check,
        register_fresh_check,
        register_outcome,
    )
    from alerts.suppression.enforcing.close import (
        on_close_outcome,
        reason_not_to_close,
        reason_not_to_tag,
    )

    register_fresh_check(WriteKind.CLOSE, reason_not_to_close)
    register_check(WriteKind.TAG, reason_not_to_tag)
    register_outcome(on_close_outcome, kinds=OF_RULES)


def _register_deployments() -> None:
    from alerts.outbox import registry
    from alerts.rules.guards.lifecycle import reasons_against_another
    from alerts.sentinel.registry import register_workspace_action
    from alerts.suppression.deploying.compare_automation_rules import compare_automation_rules
    from alerts.suppression.deploying.decided_rows import CHECKS
    from alerts.suppression.deploying.desired import reason_to_wait
    from alerts.suppression.deploying.leases import on_rule_outcome
    from alerts.suppression.deploying.watchlist_command import watchlist_off, watchlist_status
    from alerts.suppression.deploying.watchlist_periods import remove_old_periods
    from alerts.suppression.deploying.watchlist_rows import reason_to_wait_with_row
    from portal.backup.registry import register_comparison
    from portal.retention import register_retention

    registry.register_rule_outcome(on_rule_outcome)
    registry.register_rule_wait(reason_to_wait)
    registry.register_rule_wait(reason_to_wait_with_row)
    for kind, check in CHECKS.items():
        registry.register_rule_check(kind, check)
    register_comparison(compare_automation_rules)
    registry.register_rule_quota(reasons_against_another)
    register_retention("periods of watchlists", remove_old_periods)
    register_workspace_action("watchlist", watchlist_status)
    register_workspace_action("watchlist-off", watchlist_off)


def _register_clock() -> None:
    from alerts.sites.registry import ClockFollower, register_clock_follower
    from alerts.suppression.watching.lifecycle import (
        rules_that_would_stop,
        stop_rules_of_old_clock,
    )

    follower = ClockFollower(foresee=rules_that_would_stop, begin=stop_rules_of_old_clock)
    register_clock_follower("suppression", follower)


def _count_for_rail(request: "HttpRequest") -> int:
    from alerts.suppression.signing.awaiting_signature import count_awaiting_signature
    from portal.accounts.models import User

    return count_awaiting_signature(request.user) if isinstance(request.user, User) else 0


def _off_line(request: "HttpRequest") -> "FooterLine | None":
    from django.urls import reverse
    from django.utils.translation import gettext

    from alerts.suppression.deploying.kill_switch import stops_in_force
    from portal.accounts.models import User
    from portal.ui.shell import FooterLine

    if not isinstance(request.user, User) or not (stops := stops_in_force(request.user)):
        return None
    place = stops[0].workspace
    if place is None:
        text = gettext("Suppression is off everywhere")
    else:
        text = gettext("Suppression is off in %(name)s") % {"name": place.name}
    return FooterLine(text, "warn", reverse("suppression:off"))
