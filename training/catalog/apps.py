from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "training.catalog"
    label = "catalog"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from alerts.incidents.registry import register_techniques
        from portal.ui.navigation import TRAINING, NavItem, register_nav
        from training.catalog.policies import AUTHOR_ROLES
        from training.catalog.queries.lessons import reviewed_techniques

        register_techniques(reviewed_techniques)
        register_nav(
            NavItem(
                _("Lesson editor"),
                "pencil",
                "authoring:modules",
                section=TRAINING,
                order=75,
                roles=AUTHOR_ROLES,
            )
        )
