"""Every prerequisite of a workspace, judged."""

from alerts.readiness.engine import access_checks, incident_checks, service_checks
from alerts.readiness.engine.readings import ReadinessCheck, Readings, subscriptions_of
from alerts.sentinel.engine.rights import IDENTITY_OF, INCIDENTS, RULES


def evaluate(readings: Readings) -> list[ReadinessCheck]:
    """Return every check, in the order in which somebody would put things right."""
    purposes = readings.purposes
    checks = [
        check for purpose in purposes for check in access_checks.check_reach(readings, purpose)
    ]
    checks += [access_checks.check_sentinel(readings), access_checks.check_portal(readings)]
    checks += access_checks.check_versions(readings)
    checks += [access_checks.check_rights(readings, purpose) for purpose in IDENTITY_OF]
    for subscription in subscriptions_of(readings):
        checks += [
            access_checks.check_subscription_rights(readings, subscription),
            access_checks.check_plan(readings, subscription),
            access_checks.check_connector(readings, subscription),
        ]
    checks += [
        incident_checks.check_package(readings),
        incident_checks.check_rules(readings),
        incident_checks.check_creation(readings),
        incident_checks.check_doubles(readings),
        incident_checks.check_coverage(readings),
        incident_checks.check_correlation(readings),
        incident_checks.check_queries(readings),
        service_checks.check_fusion(readings),
        service_checks.check_ueba(readings),
        service_checks.check_playbooks(readings),
        *service_checks.check_playbook_rights(readings, INCIDENTS),
        *service_checks.check_playbook_rights(readings, RULES),
    ]
    if readings.history is None:
        return checks
    return [
        *checks,
        incident_checks.check_latest_alert(readings.history, now=readings.now),
        *service_checks.check_people(readings.history, now=readings.now),
    ]
