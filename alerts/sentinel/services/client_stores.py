"""Where the client stores what it learns: it has no Django, so the rows are given to it here."""

from django.conf import settings

from alerts.sentinel.client.breakers import provide_breakers
from alerts.sentinel.client.counterparts import provide_counterparts
from alerts.sentinel.client.versions import prefer_versions, provide_accepted_versions
from alerts.sentinel.services.api_versions import StoredVersions
from alerts.sentinel.services.counterparts import StoredCounterparts
from alerts.sentinel.services.host_breakers import StoredBreaker
from portal import clock
from portal.errors import Misconfigured


def provide_stores() -> None:
    """Give the client its stores and the API versions of the settings.

    Raises Misconfigured.
    """
    provide_breakers(StoredBreaker)
    provide_counterparts(lambda name: StoredCounterparts(name, clock=clock.now))
    provide_accepted_versions(lambda name: StoredVersions(name, clock=clock.unshifted))
    try:
        prefer_versions(settings.SENTINEL_API_VERSIONS)
    except ValueError as wrong:
        raise Misconfigured(f"SENTINEL_API_VERSIONS: {wrong}") from None
