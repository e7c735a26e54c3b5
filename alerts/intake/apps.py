from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "alerts.intake"
    label = "intake"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from alerts.intake.policies import PUSH_ROLES
        from alerts.intake.scope import remove_unnamed_outside, scope_of_workspace
        from alerts.sentinel.registry import register_workspace_action
        from portal.retention import register_retention
        from portal.ui.navigation import RUNNING, NavItem, register_nav

        register_workspace_action("scope", scope_of_workspace)
        register_retention("incidents outside of the scope", remove_unnamed_outside)
        register_nav(
            NavItem(
                _("Push hints"), "send", "intake:push", section=RUNNING, order=60, roles=PUSH_ROLES
            )
        )
