"""A row that says what Sentinel should hold and that nobody has decided: written straight into the
table, it is not sent, and people hear of it.
"""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.dashboards.workspace_audit import UNDECIDED, audit_workspaces
from alerts.outbox.models import Landing, RulePriority, WantedRule
from alerts.outbox.registry import reason_not_to_place
from alerts.rules.sentinel_conditions import every_incident
from alerts.rules.sentinel_forms import gate_form
from alerts.suppression.deploying.deployments import deployments_of_rule
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.deploying.leases import renew_leases
from alerts.suppression.deploying.probe import probe_when_needed
from alerts.suppression.models import RuleVersion, Stop
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests import cast
from tests.alerts.suppression.deploying.plant import polls, signed
from tests.conftest import NOON
from tests.decided import changed, forge_row
from tests.reuse import reuse_rows
from tests.worker_roles import without_triggers


@reuse_rows
def version(workspace, site, oda, leo):
    return signed(polls(), by=(oda, leo), workspaces=[workspace], sites=[site])


@reuse_rows
def live(version, far, clocks):
    with clocks.in_force():
        bring_in_line(version_id=version.pk, now=NOON)
        far.deliver()
    assert far.rule and far.gate
    return WantedRule.objects.get(kind="rule")


FORGERIES = {
    "every incident": {"logic": {"conditions": [every_incident()]}},
    "no condition": {"logic": {"conditions": []}},
    "a lease of a year": {"logic": {"expirationTimeUtc": "2027-11-24T12:00:00Z"}},
    "no lease": {"logic": {"expirationTimeUtc": None}},
    "an hour more": {"logic": {"expirationTimeUtc": "2026-11-25T13:00:01Z"}},
    "a time that is none": {"logic": {"expirationTimeUtc": "soon"}},
    "at each change": {"logic": {"triggersWhen": "Updated"}},
    "another signer": {"configuration": {"classificationComment": "Signed by Mia."}},
    "another verdict": {"configuration": {"classification": "TruePositive"}},
    "before the gate": {"order": 1},
    "another name": {"displayName": "Nothing of ours"},
    "a playbook too": {"actions": [{"order": 1, "actionType": "RunPlaybook"}]},
    "logic of another kind": {"triggeringLogic": "all"},
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_body_that_nobody_signed_is_not_sent_and_told_and_comes_back(
    live, far, what, make_person, workspace
):
    ada = make_person(cast.ADA, ("administrator", "all", None))
    stands, writes = far.rule, len(far.sentinel.writes)
    forge_row(live, wanted=changed(live.wanted, **FORGERIES[what]))
    (done,) = far.deliver()
    assert (done.outcome, far.rule) == (Landing.REFUSED, stands)
    assert len(far.sentinel.writes) == writes
    sentence = "It is not what two people have signed, so it was not sent."
    row = WantedRule.objects.get(pk=live.pk)
    assert (row.latest_error, row.error_code) == (sentence, "NotAsDecided")
    entry = Entry.objects.get(action="outbox.rule.refused")
    assert entry.actor_label == "outbox" and entry.details["error"] == sentence
    told = Notification.objects.filter(kind="suppression.undecided")
    assert {note.to.name for note in told} == {cast.LEO.name, ada.name}
    assert "audit record" in told.first().body
    (place,) = audit_workspaces(NOON, NOON)
    assert UNDECIDED in place.faults
    (deployment,) = deployments_of_rule(RuleVersion.objects.get().rule)
    assert (deployment.standing, deployment.fix[:17]) == ("refused", "Nothing was sent.")
    renew_leases(now=NOON)  # the next round wants what is signed again
    far.deliver()
    row.refresh_from_db()
    assert row.is_as_wanted and row.wanted == stands == far.rule
    (place,) = audit_workspaces(NOON, NOON)
    assert UNDECIDED not in place.faults


def test_a_shorter_lease_is_what_was_signed_too(live, far):
    forge_row(
        live, wanted=changed(live.wanted, logic={"expirationTimeUtc": "2026-11-24T14:00:00Z"})
    )
    (done,) = far.deliver()
    assert done.outcome == Landing.LANDED


@pytest.mark.parametrize(
    "columns", [{"insists": True}, {"urgency": RulePriority.STOP}, {"about": str(uuid.uuid4())}]
)
def test_nor_is_the_right_body_beside_its_place(live, far, columns):
    """Over what a hand changed, before a stop, or for a rule that is not there."""
    far.sentinel.edit_rule(str(live.name), order=7)
    forge_row(live, **columns)
    (done,) = far.deliver()
    assert done.outcome == Landing.REFUSED and far.rule["order"] == 7


def test_the_live_form_of_a_trial_is_not_sent(live, far):
    body = live.wanted
    RuleVersion.objects.update(state="canary")
    forge_row(live, wanted=body)
    (done,) = far.deliver()
    assert done.note == "It is not what two people have signed, so it was not sent."


@pytest.mark.parametrize(
    "columns", [{"state": "paused"}, {"state": "retired"}, {"workspace_ids": []}]
)
def test_a_rule_that_does_not_act_there_is_not_sent(live, far, columns):
    RuleVersion.objects.update(**columns)
    forge_row(live)
    (done,) = far.deliver()
    assert done.note == "No signed version of this rule acts in Sentinel, so it was not sent."


def test_a_version_that_was_dated_ahead_is_not_sent(live, far):
    RuleVersion.objects.update(state_since=NOON + timedelta(seconds=1))
    forge_row(live)
    (done,) = far.deliver()
    assert done.note == "It acts at a later time only, so it was not sent."


def test_a_body_of_a_version_that_was_written_over_is_not_sent(live, far):
    body = RuleVersion.objects.get().body | {"title": "Everything"}
    with without_triggers():
        RuleVersion.objects.update(body=body)
    forge_row(live)
    (done,) = far.deliver()
    assert done.outcome == Landing.REFUSED and "Everything" not in far.rule["displayName"]


def test_nothing_is_written_or_deleted_under_the_name_of_anothers_rule(live, far):
    theirs = uuid.uuid4()
    far.sentinel.put_automation_rule(str(theirs), changed(live.wanted, displayName="Theirs"))
    before = far.rules["Theirs"]
    for wanted in (live.wanted, None):
        forge_row(live, name=str(theirs), wanted=wanted, landed=before, insists=True)
        (done,) = far.deliver()
        assert done.note == "Its name is not one that Tagout gives, so nothing was sent."
    assert far.rules["Theirs"] == before


def test_what_is_taken_away_needs_no_signature(live, far):
    forge_row(live, wanted=None)
    far.deliver()
    assert far.rule is None


@pytest.fixture
def gate(live):
    return WantedRule.objects.get(kind="gate")


@pytest.mark.parametrize(
    "columns",
    [
        {"wanted": None},
        {"wanted": changed(gate_form(is_enabled=False), order=700)},
        {"wanted": changed(gate_form(is_enabled=False), actions=[])},
        {"wanted": gate_form(is_enabled=False), "urgency": RulePriority.STOP},
        {"wanted": gate_form(is_enabled=False), "insists": True},
        {"about": str(uuid.uuid4())},
    ],
)
def test_the_gate_stays_the_gate(gate, far, columns):
    before = far.gate
    forge_row(gate, **columns)
    (done,) = far.deliver()
    assert (done.outcome, far.gate) == (Landing.REFUSED, before)


def test_the_gate_is_not_disabled_while_suppression_is_off(gate, far, leo):
    forge_row(gate, wanted=gate_form(is_enabled=True))
    far.deliver()
    Stop.objects.create(stopped_by=leo, stopped_by_label=leo.name, stopped_at=NOON)
    forge_row(gate, wanted=gate_form(is_enabled=False))
    (done,) = far.deliver()
    assert "stays enabled" in done.note and far.gate["triggeringLogic"]["isEnabled"]


def test_a_probe_is_what_code_builds(workspace, clock, far):
    workspace.capabilities = {}
    workspace.save(update_fields=["capabilities"])
    probe_when_needed(workspace, now=NOON)
    probe = WantedRule.objects.get(kind="probe")
    enabled = changed(probe.wanted, logic={"isEnabled": True})
    longer = changed(probe.wanted, logic={"expirationTimeUtc": "2026-11-25T12:00:00Z"})
    for wanted in (enabled, longer, changed(probe.wanted, order=1)):
        forge_row(probe, wanted=wanted)
        (done,) = far.deliver()
        assert done.note == "It is not what Tagout itself writes there, so it was not sent."
    workspace.refresh_from_db()
    assert far.rules == {} and workspace.capabilities == {}
    forge_row(probe)
    forge_row(probe, wanted=probe.wanted)
    assert far.deliver()[0].outcome == Landing.LANDED


def test_a_kind_that_nobody_answers_for_is_not_sent(live, far):
    forge_row(live, kind="other")
    (done,) = far.deliver()
    assert done.outcome == Landing.REFUSED and done.note.startswith("Nothing is known here")


def test_the_check_asks_as_much_of_one_as_of_many(live, far, workspace, site, oda, leo):
    """A round of many rules asks for each what it asks for one."""

    def count():
        row = WantedRule.objects.select_related("workspace").get(pk=live.pk)
        with CaptureQueriesContext(connection) as asked:
            assert reason_not_to_place(row, now=NOON) == ""
        return len(asked)

    alone = count()
    for _ in range(5):
        other = signed(
            polls("HIST-GD-01", "DB-GD-01"), by=(oda, leo), workspaces=[workspace], sites=[site]
        )
        bring_in_line(version_id=other.pk, now=NOON)
    assert count() == alone
    assert alone <= 20
