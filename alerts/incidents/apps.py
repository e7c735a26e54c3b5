from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "alerts.incidents"
    label = "incidents"

    def ready(self) -> None:
        from alerts.incidents.acts.outcomes import on_incident_outcome
        from alerts.outbox.registry import register_outcome

        register_outcome(on_incident_outcome)
        _follow_sites()
        _register_pages()
        _register_finders()


def _follow_sites() -> None:
    """Follow the clocks of sites, and learn what people say of devices."""
    from alerts.incidents.ingest.alert_kinds import note_described_devices
    from alerts.incidents.ingest.plant_hours import follow_site_clock
    from alerts.sites import registry

    registry.register_clock_follower("incidents", registry.ClockFollower(begin=follow_site_clock))
    registry.register_device_listener("incidents", note_described_devices)


def _register_pages() -> None:
    """Offer the queue in the frame of every page."""
    from django.utils.translation import gettext_lazy

    from alerts.incidents.queue.counts import count_untriaged
    from portal.accounts.models import READING_ROLES, Role
    from portal.ui.navigation import ALERTS, NavItem, register_nav
    from portal.ui.shell import register_shell_fact

    register_nav(
        NavItem(
            gettext_lazy("Devices"),
            "cpu",
            "devices:list",
            section=ALERTS,
            order=40,
            roles=READING_ROLES,
        ),
        NavItem(
            gettext_lazy("Sites & zones"),
            "factory",
            "sites:list",
            section=ALERTS,
            order=50,
            roles=READING_ROLES | {Role.ADMINISTRATOR},
        ),
        NavItem(
            gettext_lazy("Triage queue"),
            "inbox",
            "incidents:queue",
            section=ALERTS,
            order=10,
            counter="incidents.untriaged",
            roles=READING_ROLES,
            key="q",
            tab=gettext_lazy("Queue"),
        ),
    )
    register_shell_fact("incidents.untriaged", count_untriaged)


def _register_finders() -> None:
    """Let the search of the portal find incidents, devices and what can be done to a row."""
    from django.utils.translation import gettext_lazy as _

    from alerts.incidents.web import palette
    from portal.accounts.models import READING_ROLES, SOC_ROLES
    from portal.ui.palette import Finder, register_finder

    register_finder(
        Finder("acts", _("Selected"), palette.find_acts, order=10, roles=SOC_ROLES),
        Finder(
            "incidents",
            _("Incidents"),
            palette.find_incidents,
            order=30,
            roles=READING_ROLES,
            hint=_("an incident by its number, title, label or technique (T0843)"),
        ),
        Finder(
            "devices",
            _("Devices"),
            palette.find_devices,
            order=40,
            roles=READING_ROLES,
            hint=_("a device by its name or address"),
        ),
        Finder(
            "techniques",
            _("Incidents by technique"),
            palette.find_techniques,
            order=70,
            roles=READING_ROLES,
        ),
    )
