from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DashboardsConfig(AppConfig):
    name = "alerts.dashboards"
    label = "dashboards"

    def ready(self) -> None:
        from alerts.dashboards.policies import READ_HISTORY
        from alerts.dashboards.queries.sync import oldest_age
        from alerts.dashboards.web.frame import (
            how_fresh,
            how_much,
            what_is_late,
            whether_work_goes_on,
        )
        from alerts.dashboards.workspace_audit import audit_workspaces, tell_of_sick_workspaces
        from portal.accounts.models import Role
        from portal.api.freshness import register_data_age
        from portal.jobs.auditor import register_listener, register_place_check
        from portal.ui.navigation import INSIGHT, RUNNING, NavItem, register_nav
        from portal.ui.shell import register_shell_fact

        register_nav(
            NavItem(_("Home"), "house", "dashboards:home", order=0, key="h", tab=_("Home")),
            NavItem(
                _("System status"),
                "activity",
                "dashboards:status",
                section=RUNNING,
                order=10,
                roles=frozenset(Role),
            ),
            NavItem(
                _("Historic analysis"),
                "history",
                "dashboards:history",
                section=INSIGHT,
                order=40,
                roles=READ_HISTORY,
            ),
        )
        register_shell_fact("sentinel.sync", how_fresh, place="footer")
        register_shell_fact("jobs.standstill", whether_work_goes_on, place="footer")
        register_shell_fact("sentinel.size", how_much, place="footer")
        register_shell_fact("sentinel.late", what_is_late, place="banner")
        register_data_age(oldest_age)
        register_place_check(audit_workspaces)
        register_listener(tell_of_sick_workspaces)
