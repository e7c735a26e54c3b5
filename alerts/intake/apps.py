from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "alerts.intake"
    label = "intake"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from alerts.intake.policies import PUSH_ROLES
        from portal.ui.navigation import RUNNING, NavItem, register_nav

        register_nav(
            NavItem(
                _("Push hints"), "send", "intake:push", section=RUNNING, order=60, roles=PUSH_ROLES
            )
        )
