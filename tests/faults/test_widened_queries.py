"""A native rule of the Defender portal stands on what analytics rules select. Somebody changes the
query of one in Sentinel, by hand: after the next look the rule is gone there, and nothing of
another type is closed.
"""

import json
from datetime import timedelta

import pytest

from alerts.rules.rule import Clause
from alerts.sentinel.client import client_for
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.suppression.deploying.leases import renew_leases
from portal import clock
from portal.notifications.models import Notification
from simulator.running import running_simulator
from tests.alerts.suppression.deploying.plant import polls
from tests.faults.test_rules_in_sentinel import SECRET, Plant

TYPE = "Device Failed to Receive a Dynamic IP Address"
OTHER = "Unauthorized Database Operation"  # which no rule of the solution watches
ANALYTICS_RULE = "Unauthorized DHCP configuration"
FILTER = 'SecurityAlert | where ProviderName == "IoTSecurity"'


class PortalPlant(Plant):
    """The same plant in the Defender portal, and a rule for the one type of an analytics rule."""

    def rules_in_sentinel(self):
        return polls(
            expires_at=clock.now().replace(microsecond=0) + timedelta(days=60),
            all_of=(
                Clause("workspace", "is", (self.key,)),
                Clause("alert_type", "is", (TYPE,)),
                Clause("any_device", "is_one_of", ("HIST-GD-01",)),
            ),
        )

    def analytics_rule(self, name=ANALYTICS_RULE):
        answer = client_for(self.workspace).read_prerequisite(Prerequisite.ANALYTICS_RULES)
        rows = json.loads(answer)["value"]
        return next(row for row in rows if row["properties"]["displayName"].startswith(name))

    def puts_query(self, query, **properties):
        """Somebody saves the analytics rule with another query."""
        rule = self.analytics_rule()
        changed = rule["properties"] | {"query": query} | properties
        body = {"kind": rule["kind"], "properties": changed}
        self.control.resource(self.key, "alertRules", rule["name"], body=body)

    def look(self):
        super().look()
        renew_leases(now=clock.now())
        self.deliver()

    def happens(self, title):
        return super().happens(title=title, source="HIST-GD-01")


@pytest.fixture
def plant(transactional_db, make_person, monkeypatch):
    with running_simulator() as pretend:
        monkeypatch.setenv(SECRET, pretend.application().secret)
        plant = PortalPlant(pretend, make_person)
        plant.control.onboard(plant.key, incidents="none")
        plant.go_live(is_in_portal=True)
        assert plant.row("rule").is_as_wanted
        yield plant


WIDER = [
    FILTER,
    f'{FILTER} | where AlertName in ("{TYPE}", "{OTHER}")',
    f'{FILTER} | where AlertName contains "Unauthorized" or AlertName == "{TYPE}"',
    f'let Quelle = SecurityAlert; Quelle | where AlertName in ("{TYPE}", "{OTHER}")',
]


def test_a_native_rule_goes_when_its_analytics_rule_takes_more_and_comes_back_with_its_query(plant):
    signed = plant.analytics_rule()["properties"]["query"]
    plant.look()
    assert plant.row("rule").wanted is not None, "an unchanged query changes nothing"
    for query in WIDER:
        assert plant.happens(TYPE)["status"] == "Closed"
        Notification.objects.all().delete()

        plant.puts_query(query)
        plant.look()
        rule = plant.row("rule")
        assert rule.wanted is None and rule.is_as_wanted, query
        other = plant.happens(OTHER)
        assert plant.analytics_rule()["id"].lower() in str(other["relatedAnalyticRuleIds"]).lower()
        assert other["status"] == "New", query
        bodies = set(Notification.objects.filter(kind="suppression.taken-out").values_list("body"))
        assert len(bodies) == 1 and ANALYTICS_RULE in str(bodies), query

        plant.puts_query(signed)
        plant.look()
        assert plant.row("rule").is_as_wanted and plant.row("rule").wanted is not None
    assert plant.happens(TYPE)["status"] == "Closed"


def test_where_each_result_is_no_alert_of_its_own_the_native_rule_goes(plant):
    query = plant.analytics_rule()["properties"]["query"]
    plant.puts_query(query, eventGroupingSettings={"aggregationKind": "SingleAlert"})
    plant.look()
    assert plant.row("rule").wanted is None
