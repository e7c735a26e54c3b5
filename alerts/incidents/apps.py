from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "alerts.incidents"
    label = "incidents"

    def ready(self) -> None:
        from alerts.incidents.services.outcomes import hear_outcome
        from alerts.outbox.registry import register_outcome

        register_outcome(hear_outcome)
        _register_pages()


def _register_pages() -> None:
    """Offer the queue in the frame of every page."""
    from django.utils.translation import gettext_lazy

    from alerts.incidents.reads.shell import count_untriaged
    from portal.accounts.models import READING_ROLES
    from portal.ui.navigation import ALERTS, NavItem, Search, register_nav, register_search
    from portal.ui.shell import register_shell_fact

    register_nav(
        NavItem(
            gettext_lazy("Triage queue"), "inbox", "incidents:queue", section=ALERTS, order=10,
            counter="incidents.untriaged", roles=READING_ROLES, key="q", tab=gettext_lazy("Queue"),
        )
    )  # fmt: skip
    register_search(
        Search(gettext_lazy("Search incidents, devices"), "incidents:queue", roles=READING_ROLES)
    )
    register_shell_fact("incidents.untriaged", count_untriaged)
