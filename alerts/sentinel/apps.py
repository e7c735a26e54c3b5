from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "alerts.sentinel"
    label = "sentinel"

    def ready(self) -> None:
        from django.conf import settings

        from alerts.sentinel.client.breakers import provide_breakers
        from alerts.sentinel.client.counterparts import provide_counterparts
        from alerts.sentinel.client.versions import prefer_versions, provide_accepted_versions
        from alerts.sentinel.queries import names_of_workspaces
        from alerts.sentinel.services.api_versions import StoredVersions
        from alerts.sentinel.services.counterparts import StoredCounterparts
        from alerts.sentinel.services.host_breakers import StoredBreaker
        from portal import clock
        from portal.accounts.labels import register_scope_names
        from portal.errors import Misconfigured

        register_scope_names(names_of_workspaces)
        provide_breakers(StoredBreaker)
        provide_counterparts(lambda name: StoredCounterparts(name, clock=clock.now))
        provide_accepted_versions(lambda name: StoredVersions(name, clock=clock.unshifted))
        try:
            prefer_versions(settings.SENTINEL_API_VERSIONS)
        except ValueError as wrong:
            raise Misconfigured(f"SENTINEL_API_VERSIONS: {wrong}") from None
