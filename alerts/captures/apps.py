from django.apps import AppConfig


class CapturesConfig(AppConfig):
    name = "alerts.captures"
    label = "captures"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from alerts.captures.services import remove_old_captures
        from alerts.captures.web.tab import count_captures, show_captures
        from alerts.incidents.registry import IncidentTab, register_incident_tab
        from portal.retention import register_retention

        register_retention("captures", remove_old_captures)
        register_incident_tab(
            IncidentTab(
                name="pcap",
                label=_("PCAP"),
                after="devices",
                template="alerts/captures/_tab.html",
                show=show_captures,
                count=count_captures,
            )
        )
