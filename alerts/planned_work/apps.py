from django.apps import AppConfig


class PlannedWorkConfig(AppConfig):
    name = "alerts.planned_work"
    label = "planned_work"

    def ready(self) -> None:
        from alerts.incidents.registry import register_alert_listener
        from alerts.planned_work.services.occurrences import cover_alerts

        register_alert_listener(cover_alerts)
        _register_pages()


def _register_pages() -> None:
    """Offer planned work in the frame of every page."""
    from django.utils.translation import gettext_lazy as _

    from portal.accounts.models import READING_ROLES
    from portal.ui.navigation import ALERTS, NavItem, register_nav

    register_nav(
        NavItem(
            _("Planned work"),
            "calendar-clock",
            "planned_work:week",
            section=ALERTS,
            order=30,
            roles=READING_ROLES,
        )
    )
