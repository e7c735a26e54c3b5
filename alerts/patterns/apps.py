from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PatternsConfig(AppConfig):
    name = "alerts.patterns"
    label = "patterns"

    def ready(self) -> None:
        from portal.accounts.models import READING_ROLES
        from portal.ui.navigation import NOISE, NavItem, register_nav

        register_nav(
            NavItem(_("Routine patterns"), "repeat", "patterns:list", section=NOISE, order=10,
                    roles=READING_ROLES, key="p")
        )  # fmt: skip
