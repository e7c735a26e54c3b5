from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"

    def ready(self) -> None:
        from portal import checks  # noqa: F401  (registers itself)
        from portal.accounts.models import Role
        from portal.ui.navigation import RUNNING, NavItem, register_nav

        register_nav(
            NavItem(
                _("People"),
                "users",
                "people:list",
                section=RUNNING,
                order=20,
                roles=frozenset({Role.ADMINISTRATOR}),
            )
        )
