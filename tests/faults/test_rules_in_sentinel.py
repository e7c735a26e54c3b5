"""S3, S8, F15, F25, F26, F43: rules of ours in a pretend Azure over TLS, whose own engine carries
them out. What is signed closes there; what nobody watches lapses; the gate stops it with one PUT.
"""

import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from alerts.outbox.models import Landing, WantedRule
from alerts.readiness.services.check_workspace import check_workspace
from alerts.rules.rule import Clause
from alerts.sentinel.client import client_for
from alerts.sentinel.queries import ANALYTICS_RULES
from alerts.sentinel.services.reach import note_fresh
from alerts.sentinel.wire.automation import differing_places, read_automation_rule
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.deploying.kill_switch import switch_off
from alerts.suppression.deploying.leases import renew_leases
from alerts.suppression.models import Rule, RuleVersion, Stop
from alerts.suppression.queries import is_off
from portal import clock
from portal.jobs.services import move_clock
from simulator.running import running_simulator
from tests import cast
from tests.alerts.suppression.deploying.plant import polls, signed
from tests.factories.incidents import (
    make_alert,
    make_device,
    make_incident,
    make_site,
    make_workspace,
    put_in_portal,
)
from tests.faults.outbox import environment_of_a_worker

SECRET = "TAGOUT_DEPLOY_TEST_SECRET"
TITLE = "Unpermitted Usage of Modbus Function Code"
HOME = Path(__file__).resolve().parents[2]


@pytest.fixture
def pretend():
    with running_simulator() as running:
        yield running


class Plant:
    """One workspace of the pretend Azure, and a signed rule for its chatty historian."""

    def __init__(self, pretend, make_person):
        place, application = pretend.workspaces[0], pretend.application()
        self.pretend, self.control, self.key = pretend, pretend.control, place.key
        self.workspace = make_workspace(
            place.key,
            tenant_id=place.tenant_id,
            subscription_id=place.subscription_id,
            resource_group=place.resource_group,
            workspace_name=place.name,
            endpoint=pretend.endpoint,
            authority=pretend.endpoint,
            client_id=application.client_id,
            secret_env=SECRET,
            ca_bundle=str(pretend.ca_file),
            added_at=clock.now(),
        )
        self.site = make_site()
        make_alert(make_incident(self.workspace), site=self.site)
        for device in self.control.plant()["devices"]:
            if device["site"] == "gdansk" and device["ip"]:
                make_device(
                    self.site,
                    device["name"],
                    device["ip"],
                    criticality=device["criticality"].replace(" ", "-"),
                )
        self.people = (
            make_person(cast.ODA, ("ot-engineer", "site", self.site.uuid)),
            make_person(cast.LEO, ("soc-lead", "workspace", self.workspace.uuid)),
        )

    def rules_in_sentinel(self):
        return polls(
            expires_at=clock.now().replace(microsecond=0) + timedelta(days=60),
            all_of=(
                Clause("workspace", "is", (self.key,)),
                Clause("alert_type", "is", (TITLE,)),
                Clause("any_device", "is_one_of", ("HIST-GD-01",)),
            ),
        )

    def look(self):
        """What the workers do within a day, or when somebody presses Check now."""
        now = clock.now()
        assert not check_workspace(self.workspace, purpose="read", now=now, connect=client_for)
        self.workspace.refresh_from_db()

    def go_live(self, *, is_in_portal=False):
        """Probe, sign and put there, as workers would."""
        if ANALYTICS_RULES not in self.workspace.capabilities:
            self.look()
        note_fresh(workspace_id=self.workspace.pk, now=clock.now())
        put_in_portal(self.workspace, is_in_portal=is_in_portal)
        rule = Rule.objects.create(number=12, made_by=self.people[0], made_at=clock.now())
        RuleVersion.objects.create(  # somebody begins to write it
            rule=rule,
            number=1,
            state_since=clock.now(),
            title="t",
            body={},
            made_at=clock.now(),
            made_by=self.people[0],
            workspace_ids=[self.workspace.pk],
        )
        for _ in range(2):  # probe and learn, then the gate
            renew_leases(now=clock.now())
            self.deliver()
        self.version = signed(
            self.rules_in_sentinel(),
            by=self.people,
            workspaces=[self.workspace],
            number=2,
            rule=rule,
        )
        self.bring()
        return self.version

    def bring(self):
        bring_in_line(version_id=self.version.pk, now=clock.now())
        self.deliver()

    def deliver(self):
        call_command("deliver", self.key, "--json", stdout=io.StringIO())

    def happens(self, kind="historian-polling", **options):
        made = self.control.inject(kind=kind, options=options)
        return self.read(made["name"])

    def from_device(self, name):
        """An incident of the rule's alert type that names this device."""
        entity = {
            "id": "/e1",
            "name": "e1",
            "kind": "IoTDevice",
            "properties": {"deviceName": name},
        }
        alert = {
            "id": "/a1",
            "name": "a1",
            "kind": "SecurityAlert",
            "properties": {"productName": "Azure Security Center for IoT"},
        }
        products = {"alertProductNames": ["Azure Security Center for IoT"]}
        values = {"title": TITLE, "severity": "Medium", "additionalData": products}
        made = self.control.inject(
            workspace=self.key, properties=values, alerts=[alert], entities=[entity]
        )
        return self.read(made["name"])

    def read(self, name):
        properties = json.loads(client_for(self.workspace).get_incident(name))["properties"]
        return properties | {"labels": [label["labelName"] for label in properties["labels"]]}

    def row(self, kind):
        return WantedRule.objects.get(kind=kind)

    def writes(self, name):
        return [
            entry
            for entry in self.control.journal(path=str(name))
            if entry["method"] in ("PUT", "DELETE")
        ]


@pytest.fixture
def plant(transactional_db, pretend, make_person, monkeypatch):
    monkeypatch.setenv(SECRET, pretend.application().secret)
    return Plant(pretend, make_person)


def test_it_closes_while_nothing_of_tagout_runs_and_after_a_day_no_more(plant):
    version = plant.go_live()
    rule = plant.row("rule")
    assert rule.is_as_wanted
    stored = read_automation_rule(
        client_for(plant.workspace, "rules").get_automation_rule(str(rule.name))
    )
    assert differing_places(rule.wanted, stored.properties) == []
    closed = plant.happens()
    assert (closed["title"].removeprefix("(MDIoT) "), closed["status"]) == (TITLE, "Closed")
    assert closed["classification"] == "BenignPositive"
    for part in (version.rule_hash, "Oda Nowak", "Leo Hartmann"):
        assert part in closed["classificationComment"]
    assert plant.from_device("HIST-GD-01")["status"] == "Closed"
    assert plant.from_device("ENG-WS-04")["status"] == "New"

    plant.control.advance(25 * 3600)  # Tagout stays stopped
    assert plant.happens()["status"] == "New"

    move_clock(by=timedelta(hours=25))  # it comes back, and reads
    assert renew_leases(now=clock.now())["changed"] == 0, "it knows too little yet"
    note_fresh(workspace_id=plant.workspace.pk, now=clock.now())
    renew_leases(now=clock.now())
    plant.deliver()
    assert plant.row("rule").is_as_wanted
    assert plant.happens()["status"] == "Closed"


def test_the_gate_stops_it_with_one_put(plant):
    plant.go_live()
    gate = plant.row("gate")
    puts = len(plant.writes(gate.name))
    plant.control.fault(path="/automationRules/", method="DELETE", status=503)  # the rules stay
    switch_off(by=plant.people[0], now=clock.now())
    plant.deliver()
    assert plant.row("rule").is_in_sentinel
    (put,) = plant.writes(gate.name)[puts:]
    assert put["method"] == "PUT"
    incident = plant.happens()
    assert incident["status"] == "New" and "tagout-off" in incident["labels"]


def test_the_command_works_with_the_broker_and_the_workers_down(plant, pretend):
    plant.go_live()
    environment = environment_of_a_worker() | {"REDIS_URL": "redis://127.0.0.1:9/0"}
    words = [sys.executable, "manage.py", "suppression_off", "--reason", "Drill.", "--json"]
    done = subprocess.run(
        words, cwd=HOME, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["off"] == "everywhere"
    (there,) = result["workspaces"]
    assert (there["workspace"], there["gate"], there["rules_still_there"]) == (plant.key, "open", 0)
    assert is_off(plant.workspace.pk) and Stop.objects.get().reason == "Drill."
    result = plant.happens()
    assert result["status"] == "New" and "tagout-off" in result["labels"]


def test_what_azure_refuses_is_shown_in_its_words_and_is_not_live(plant):
    plant.control.fault(
        path="/automationRules/",
        method="PUT",
        status=400,
        code="BadRequest",
        skip=2,
        answer={"error": {"code": "BadRequest", "message": "The rule is too odd."}},
    )
    plant.go_live()
    row = plant.row("rule")
    assert row.outcome == Landing.REFUSED and "The rule is too odd." in row.latest_error
    assert not row.is_as_wanted and row.error_code == "BadRequest"
    assert plant.happens()["status"] == "New"


def test_a_missing_right_waits_and_names_the_action(plant):
    plant.control.application("portal", denied=["Microsoft.SecurityInsights/automationRules/write"])
    plant.go_live()
    refused = WantedRule.objects.exclude(latest_error="").get()  # the gate comes before the rest
    assert refused.outcome == Landing.PENDING
    assert "automationRules/write" in refused.latest_error
    assert not WantedRule.objects.filter(kind="rule").exists(), "without a probe nothing is exact"


def test_a_rule_that_a_person_switched_off_in_sentinel_stays_off(plant):
    plant.go_live()
    name = str(plant.row("rule").name)
    plant.control.rule(plant.key, name, enabled=False)
    move_clock(by=timedelta(hours=5))
    plant.control.advance(5 * 3600)
    note_fresh(workspace_id=plant.workspace.pk, now=clock.now())
    renew_leases(now=clock.now())
    plant.deliver()
    row = plant.row("rule")
    assert row.outcome == Landing.CHANGED_BY_HAND and "isEnabled" in row.latest_error
    assert plant.happens()["status"] == "New"
