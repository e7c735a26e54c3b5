from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PatternsConfig(AppConfig):
    name = "alerts.patterns"
    label = "patterns"

    def ready(self) -> None:
        from alerts.patterns.services.mine_patterns import mine_by_new_clock
        from alerts.sites.registry import ClockFollower, register_clock_follower

        register_clock_follower("patterns", ClockFollower(settle=mine_by_new_clock))
        from portal.accounts.models import READING_ROLES, Role
        from portal.ui.navigation import NOISE, RUNNING, NavItem, register_nav

        register_nav(
            NavItem(
                _("Noise plan"),
                "sparkles",
                "plan:plan",
                section=NOISE,
                order=5,
                roles=READING_ROLES,
                key="n",
            ),
            NavItem(
                _("Routine patterns"),
                "repeat",
                "patterns:list",
                section=NOISE,
                order=10,
                roles=READING_ROLES,
                key="p",
            ),
            NavItem(
                _("Closing at the source"),
                "undo-2",
                "status-sync:show",
                section=RUNNING,
                order=65,
                roles={Role.ADMINISTRATOR, Role.SOC_LEAD},
            ),
        )
        _register_finder()


def _register_finder() -> None:
    from alerts.patterns.web.palette import find_patterns
    from portal.accounts.models import READING_ROLES
    from portal.ui.palette import Finder, register_finder

    register_finder(
        Finder("patterns", _("Routine patterns"), find_patterns, order=60, roles=READING_ROLES)
    )
