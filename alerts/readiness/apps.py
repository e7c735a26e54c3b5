from django.apps import AppConfig


class ReadinessConfig(AppConfig):
    name = "alerts.readiness"
    label = "readiness"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from alerts.readiness.foreground import check_move_now, check_now
        from alerts.readiness.policies import READERS, VIEWERS
        from alerts.readiness.queries.readings import granted_rights
        from alerts.sentinel.registry import (
            register_rights,
            register_workspace_action,
            register_workspace_check,
        )
        from portal.accounts.models import OT_ROLES
        from portal.ui.navigation import RUNNING, NavItem, register_nav

        register_workspace_check(check_now)
        register_workspace_action("move-check", check_move_now)
        register_rights(granted_rights)
        register_nav(
            NavItem(
                _("Workspaces"),
                "database",
                "readiness:list",
                section=RUNNING,
                order=5,
                roles=(VIEWERS | READERS) - OT_ROLES,
            )
        )
