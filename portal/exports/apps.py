from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "portal.exports"
    label = "exports"

    def ready(self) -> None:
        from portal.exports.policies import EXPORTING
        from portal.ui.navigation import INSIGHT, NavItem, register_nav

        register_nav(
            NavItem(
                _("Exports"),
                "download",
                "exports:list",
                section=INSIGHT,
                order=50,
                roles=EXPORTING,
            )
        )
