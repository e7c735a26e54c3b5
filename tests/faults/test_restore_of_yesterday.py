"""F42: yesterday's backup is restored beside a pretend Azure that has gone on. Rules that live
there and are not known here are named, a changed head of the audit record is told, and nothing
leaves until an administrator has looked.
"""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from alerts.outbox.engine.merge import base_for
from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.tasks import deliver_due_changes, deliver_due_rules
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Workspace
from alerts.sentinel.services.reach import note_fresh
from alerts.sentinel.wire.automation import read_automation_rule
from alerts.sentinel.wire.incidents import read_incident
from alerts.suppression.deploying.leases import renew_due_leases
from alerts.suppression.queries import on_again_since
from portal import clock
from portal.audit.anchors import keep_outside
from portal.audit.engine import Anchor
from portal.audit.models import Entry
from portal.audit.services import prove_record, publish_anchor, record
from portal.backup.models import Restore
from portal.backup.queries import is_paused_after_restore
from portal.jobs.services import move_clock
from portal.runtime import service_urls
from tests.factories.changes import enqueue_comment, enqueue_update
from tests.faults.test_rules_in_sentinel import SECRET, Plant, pretend
from tests.portal.backup.conftest import copied_schema, databases, restore

__all__ = ["copied_schema", "databases", "pretend"]  # fixtures
pytestmark = pytest.mark.usefixtures("copied_schema")


@pytest.fixture
def plant(databases, pretend, make_person, monkeypatch):
    monkeypatch.setenv(SECRET, pretend.application().secret)
    plant = Plant(pretend, make_person)
    plant.go_live()
    return plant


@pytest.fixture
def heads(tmp_path, settings, monkeypatch):
    """Heads of the audit record go into a file."""
    path = tmp_path / "heads"
    monkeypatch.setenv("AUDIT_ANCHOR", f"file://{path}")
    settings.AUDIT_ANCHOR = service_urls.audit_anchor()
    return path


def back_up(tmp_path):
    publish_anchor()
    call_command("backup", str(tmp_path / "yesterday"), stdout=StringIO())
    return tmp_path / "yesterday"


def write_entries(number):
    for _ in range(number):
        with transaction.atomic():
            record(
                "sentinel.workspace.paused", on=Workspace.objects.get(), by="tests", at=clock.now()
            )


def writes(plant):
    """What was written to the pretend Azure."""
    return [entry for entry in plant.control.journal() if entry["method"] in ("PUT", "DELETE")]


def put_rule(plant, name, title, **logic):
    """What Tagout put there after the backup."""
    body = plant.row("rule").wanted
    values = body | {"displayName": title, "triggeringLogic": body["triggeringLogic"] | logic}
    client_for(plant.workspace, "rules").put_automation_rule(str(name), values)


def goes_on(plant):
    """The day after the backup: another rule, a longer lease, somebody else's rule."""
    put_rule(plant, uuid.uuid4(), "Tagout R-13 Scans by the asset inventory")
    put_rule(plant, uuid.uuid4(), "Closes everything at night")
    until = (clock.now() + timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    row = plant.row("rule")
    client = client_for(plant.workspace, "rules")
    stored = read_automation_rule(client.get_automation_rule(str(row.name)))
    body = row.wanted | {
        "triggeringLogic": row.wanted["triggeringLogic"] | {"expirationTimeUtc": until}
    }
    client.put_automation_rule(str(row.name), body, etag=stored.etag)
    write_entries(3)
    publish_anchor()


def test_what_is_not_known_is_named_and_nothing_leaves_until_somebody_has_looked(
    plant, databases, heads, tmp_path
):
    enqueue_comment(
        workspace_id=plant.workspace.pk,
        incident_name="a",
        message="Routine.",
        act=uuid.uuid4(),
        by=plant.people[1],
        by_label="Leo",
        now=clock.now(),
    )
    archive = back_up(tmp_path)
    goes_on(plant)
    written = len(writes(plant))
    with databases.at(databases.new()):
        report = restore(archive)
        assert report["record"]["lost"] == 3
        assert report["record"]["broken_at"] is None
        [place] = report["places"]
        assert [rule["name"] for rule in place["unknown"]] == [
            "Tagout R-13 Scans by the asset inventory"
        ]
        assert (place["changed"], place["missing"]) == ([], [])
        assert not prove_record(now=clock.unshifted()).whole

        assert is_paused_after_restore()
        Change.objects.update(due_at=clock.unshifted())
        with pytest.raises(CommandError, match="nothing is sent until an administrator"):
            call_command("deliver")
        deliver_due_changes()
        deliver_due_rules()
        assert renew_due_leases(now=clock.now()) is None
        assert len(writes(plant)) == written

        with pytest.raises(CommandError, match="Say what you checked"):
            call_command("restore", "--resume")
        out = StringIO()
        call_command("restore", "--resume", "--reason", "R-13 lapses today", stdout=out)
        assert "tagout audit restored seq=" in out.getvalue()
        assert prove_record(now=clock.unshifted()).whole
        assert Entry.objects.latest("seq").action == "backup.restore.resumed"
        assert on_again_since(plant.workspace.pk) == Restore.objects.get().resumed_at
        move_clock(by=timedelta(hours=8))
        note_fresh(workspace_id=plant.workspace.pk, now=clock.now())
        renew_due_leases(now=clock.now())
        plant.deliver()
        assert plant.row("rule").is_as_wanted, "its longer lease is not somebody's change"
        assert Change.objects.get().outcome != ChangeOutcome.OPEN
        with pytest.raises(CommandError, match="Tagout is not paused"):
            call_command("restore", "--check")


def test_what_left_after_the_backup_does_not_leave_twice(plant, databases, tmp_path):
    incident = plant.control.inject(workspace=plant.key, properties={"title": "PLC stop"})["name"]
    values = {
        "workspace_id": plant.workspace.pk,
        "incident_name": incident,
        "act": uuid.uuid4(),
        "by": plant.people[1],
        "by_label": "Leo",
        "now": clock.now(),
        "hold": timedelta(),
    }
    enqueue_comment(message="Routine.", **values)
    properties = read_incident(client_for(plant.workspace).get_incident(incident)).raw["properties"]
    patch = {"severity": "Low"}
    enqueue_update(patch=patch, base=base_for(patch, properties), **values)
    archive = back_up(tmp_path)
    plant.deliver()
    sent = [entry for entry in writes(plant) if incident in entry["path"]]
    assert len(sent) == 2
    with databases.at(databases.new()):
        restore(archive)
        assert {change.outcome for change in Change.objects.all()} == {ChangeOutcome.OPEN}
        call_command("restore", "--resume", "--reason", "Looked", stdout=StringIO())
        plant.deliver()
        assert {change.outcome for change in Change.objects.all()} == {ChangeOutcome.SENT}
    assert [entry for entry in writes(plant) if incident in entry["path"]] == sent


def test_what_cannot_be_read_or_was_told_otherwise_is_named_and_the_kill_switch_works_meanwhile(
    plant, databases, heads, tmp_path
):
    write_entries(2)
    archive = back_up(tmp_path)
    keep_outside(Anchor(Entry.objects.count(), "0" * 64))
    written = len(writes(plant))
    with databases.at(databases.new()):
        plant.control.fault(path="/automationRules", method="GET", status=403)
        report = restore(archive)
        assert report["record"]["broken_at"] == report["record_seq"]
        assert report["record"]["reason"] == "the hash published outside is another"
        [place] = report["places"]
        assert place["error"]
        with pytest.raises(CommandError, match="was not compared with what Tagout knows"):
            call_command("restore", "--resume", "--reason", "Looked")
        plant.control.clear_faults()
        call_command("suppression_off", stdout=StringIO())
        assert {entry["method"] for entry in writes(plant)[written:]} == {"PUT"}
        assert plant.happens()["status"] == "New"
        Workspace.objects.update(state=Workspace.State.PAUSED)
        assert restore("--check")["places"] == []
        call_command("restore", "--resume", "--reason", "Looked", stdout=StringIO())
        assert not is_paused_after_restore()
