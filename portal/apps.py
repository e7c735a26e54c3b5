from django.apps import AppConfig
from django.conf import settings


class PortalConfig(AppConfig):
    name = "portal"
    label = "portal"

    def ready(self) -> None:
        # Both import models, which are there from now on.
        from portal import checks  # noqa: F401  (registers itself)
        from portal.rooms import rooms_in, wire

        wire(rooms_in(settings.WIRING))
