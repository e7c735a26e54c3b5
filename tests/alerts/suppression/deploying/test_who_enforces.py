"""Sentinel enforces only what it holds exactly and was seen to accept; else Tagout's own worker."""

from datetime import timedelta

import pytest

from alerts.rules.compile_sentinel import undirected
from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import as_json
from alerts.sentinel.models import PortalResidence
from alerts.sites.models import Device
from alerts.suppression.drafting.drafts import (
    CannotSaveRule,
    draft_rule,
    edit_version,
    save_draft,
)
from alerts.suppression.models import RuleVersion
from alerts.suppression.signing.propose import CannotProposeRule, propose_rule
from alerts.suppression.signing.sign import CannotSignRule, reasons_against_signature
from tests.alerts.suppression.deploying.plant import (
    ACCEPTS,
    TYPE,
    know_analytics_rules,
    polls,
    signed,
)
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device, put_in_portal
from tests.factories.rules import clause
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
SENTINEL_RADIO = 'name="enforcement" value="sentinel"'
DIRECTED = (
    clause("workspace", "is", "gdansk"),
    clause("site", "is", "Gdańsk"),
    clause("alert_type", "is", TYPE),
    clause("source_device", "is", "HIST-01"),
    clause("destination_device", "is", "DB-GD-01"),
)


def accept(workspace, *names):
    workspace.capabilities["rules"]["accepts"] = list(names)
    workspace.save(update_fields=["capabilities"])


def drafted(definition, by):
    return draft_rule(by=by, now=NOON, body=as_json(definition))


WAYS = [
    pytest.param(lambda ws, site: accept(ws), "not yet tried", id="never probed"),
    pytest.param(
        lambda ws, site: accept(ws, *(set(ACCEPTS) - {"IoTDeviceName"})),
        "did not accept conditions on IoTDeviceName",
        id="refused by the probe",
    ),
    pytest.param(
        lambda ws, site: make_device(site, "hist-gd-01", "10.20.3.99"),
        "does not name exactly one device",
        id="wider",
    ),
]


@pytest.mark.parametrize(("spoil", "reason"), WAYS)
def test_a_draft_for_sentinel_is_refused_with_the_reason_and_what_to_do(
    workspace, site, oda, spoil, reason
):
    draft = drafted(polls(), oda)
    assert draft.enforcement == "sentinel"
    spoil(workspace, site)
    for write in (
        lambda: drafted(polls(), oda),
        lambda: save_draft(version_id=draft.pk, by=oda, now=NOON, body=draft.body, revision=0),
    ):
        with pytest.raises(CannotSaveRule) as refusal:
            write()
        text = " ".join(map(str, refusal.value.reasons))
        assert reason in text and "Let Tagout's own worker enforce it" in text


@pytest.mark.parametrize(("spoil", "reason"), WAYS)
def test_what_sentinel_cannot_hold_any_more_is_not_proposed(workspace, site, oda, spoil, reason):
    version = drafted(polls(), oda)
    spoil(workspace, site)
    with pytest.raises(CannotProposeRule) as refusal:
        propose_rule(version_id=version.pk, by=oda, now=NOON, proved_at=NOON)
    assert reason in " ".join(map(str, refusal.value.reasons))


def test_what_sentinel_cannot_hold_any_more_is_not_signed(workspace, oda, leo):
    version = signed(polls(), by=(oda, leo), workspaces=[workspace], state="proposed")
    version.signatures.filter(side="soc").delete()
    accept(workspace)
    with pytest.raises(CannotSignRule, match="not yet tried"):
        rules.sign(version, by=leo, now=NOON)


CHANGES = [
    pytest.param(
        lambda ws, site: make_device(site, "SIS-02", "10.20.9.2", criticality="safety"),
        "SIS-02 has become a safety system or a crown jewel",
        id="a device became a safety system",
    ),
    pytest.param(
        lambda ws, site: Device.objects.filter(name="SIS-01").update(criticality="normal"),
        "the safety systems and crown jewels of the plant",
        id="a device is one no longer",
    ),
    pytest.param(
        lambda ws, site: move_to_portal(ws),
        "gdansk has moved to the Defender portal",
        id="the workspace moved",
    ),
]


def move_to_portal(workspace):
    know_analytics_rules(workspace, "AlertName")
    put_in_portal(workspace)
    PortalResidence.objects.update(since=NOON + timedelta(minutes=1))


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_a_form_that_differs_from_the_proposed_one_is_not_signed_and_the_page_says_so_before(
    workspace, site, oda, leo, client, change, reason
):
    version = signed(polls(), by=(oda, leo), workspaces=[workspace], state="proposed")
    version.signatures.filter(side="soc").delete()
    before = reasons_against_signature(version, side=SigningSide.SOC, by=leo, now=NOON)
    change(workspace, site)
    client.force_login(leo)
    page = client.get(f"/rules/{version.uuid}/").content.decode()
    assert reason in page and "Propose the rule anew." in page
    assert 'name="seen_hash"' not in page
    after = reasons_against_signature(version, side=SigningSide.SOC, by=leo, now=NOON)
    assert len(set(after) - set(before)) == 1, "one clear sentence"
    with pytest.raises(CannotSignRule, match=reason):
        rules.sign(version, by=leo, now=NOON)
    version.refresh_from_db()
    assert (version.state, version.signatures.count()) == ("proposed", 1)
    session = client.session
    session["proved_at"] = NOON.isoformat()
    session.save()
    answer = client.post(
        f"/api/v1/rules/{version.rule.uuid}/sign/",
        {"side": "soc", "hash": version.rule_hash, "note": "x", "checked_evidence": True},
        content_type="application/json",
    )
    assert answer.status_code == 409 and reason in answer.json()["detail"]
    assert version.signatures.count() == 1


def test_the_next_version_of_what_sentinel_held_falls_to_tagout(workspace, site, oda, leo):
    live = signed(polls(), by=(oda, leo), workspaces=[workspace])
    assert edit_version(version_id=live.pk, by=oda, now=NOON).enforcement == "sentinel"
    RuleVersion.objects.filter(state="draft").update(state="discarded", rule_hash="x")
    make_device(site, "hist-gd-01", "10.20.3.99")
    assert edit_version(version_id=live.pk, by=oda, now=NOON).enforcement == "tagout"


def test_a_program_is_refused_in_the_same_words(workspace, oda):
    program = Program(oda)
    accept(workspace)
    answer = program.post("rules/", {"rule": as_json(polls())})
    assert answer.status_code == 409
    assert "not yet tried" in answer.json()["detail"]
    accept(workspace, *ACCEPTS)
    made = program.post("rules/", {"rule": as_json(polls())}).json()
    accept(workspace)
    answer = program.post(f"rules/{made['id']}/propose/")
    assert answer.status_code == 409
    assert "not yet tried" in str(answer.json())
    body = {"rule": as_json(polls()), "revision": made["revision"]}
    assert program.post(f"rules/{made['id']}/edit/", body).status_code == 409


# The editor.


@pytest.fixture
def at_the_editor(client, oda):
    """`at_the_editor(version)` reads the page; with a form, posts it and reads what comes."""
    client.force_login(oda)

    def visit(version, *, status=200, **form):
        address = f"/rules/{version.uuid}/edit/"
        if form:
            version.refresh_from_db()
            fields = {"revision": version.revision, "all-shown": "1", "not-shown": "1"}
            for place, clause in enumerate(version.body["all_of"]):
                fields |= {
                    f"all-{place}-field": clause["field"],
                    f"all-{place}-operator": clause["operator"],
                    f"all-{place}-value": clause["values"],
                }
            answer = client.post(address, fields | form, headers={"HX-Request": "true"})
        else:
            answer = client.get(address)
        version.refresh_from_db()
        assert answer.status_code == status
        return answer.content.decode()

    return visit


def test_sentinel_is_offered_where_it_holds_exactly_this_rule(at_the_editor, workspace, oda):
    page = at_the_editor(drafted(polls(enforcement="tagout"), oda))
    assert SENTINEL_RADIO in page and "Sentinel can express it exactly" in page


@pytest.mark.parametrize(("spoil", "reason"), WAYS)
def test_sentinel_is_not_offered_elsewhere_and_the_page_says_who_closes(
    at_the_editor, workspace, site, oda, spoil, reason
):
    spoil(workspace, site)
    page = at_the_editor(drafted(polls(enforcement="tagout"), oda))
    assert SENTINEL_RADIO not in page
    assert 'type="hidden" name="enforcement" value="tagout"' in page
    assert "Sentinel itself is not offered" in page
    assert reason in page


def test_a_choice_that_was_not_offered_is_refused(at_the_editor, workspace, oda):
    version = drafted(polls(enforcement="tagout"), oda)
    accept(workspace)
    page = at_the_editor(version, enforcement="sentinel", status=422)
    assert "Sentinel cannot enforce exactly this rule in gdansk" in page
    assert version.enforcement == "tagout"


def test_a_change_that_sentinel_cannot_follow_hands_the_rule_to_tagout(
    at_the_editor, workspace, oda
):
    version = drafted(polls(), oda)
    page = at_the_editor(
        version,
        enforcement="sentinel",
        **{
            "all-3-field": "protocol",
            "all-3-operator": "is",
            "all-3-value": "CIP",
        },
    )
    assert version.enforcement == "tagout"
    assert "From now on Tagout's own worker closes the incidents." in page
    assert "Sentinel has no condition for the protocol." in page


def test_a_draft_that_was_meant_for_sentinel_says_that_it_lost_it(at_the_editor, workspace, oda):
    version = drafted(polls(), oda)
    accept(workspace)
    page = at_the_editor(version)
    assert "Sentinel was chosen, but can no longer express this rule exactly." in page
    assert SENTINEL_RADIO not in page
    at_the_editor(version, enforcement="tagout")
    assert version.enforcement == "tagout"


def test_a_rule_with_direction_is_rewritten_for_sentinel_only_by_hand(
    at_the_editor, workspace, site, oda
):
    make_device(site, "HIST-01", "10.20.3.77")
    version = drafted(polls(all_of=DIRECTED, enforcement="tagout"), oda)
    page = at_the_editor(version)
    assert "Sentinel does not know which side started" in page and "Rewrite it for Sentinel" in page
    page = at_the_editor(version, enforcement="tagout", do="for-sentinel")
    assert version.enforcement == "sentinel"
    assert [(clause["field"], clause["values"]) for clause in version.body["all_of"]] == [
        ("workspace", ["gdansk"]),
        ("alert_type", [TYPE]),
        ("any_device", ["HIST-01"]),
        ("any_device", ["DB-GD-01"]),
    ]
    assert f"{SENTINEL_RADIO} checked" in " ".join(page.split())


def test_what_hours_keep_from_sentinel_is_not_offered_to_be_rewritten(
    at_the_editor, workspace, site, oda
):
    hours = clause("time", "within", rules.TUESDAYS)
    definition = polls(all_of=(*DIRECTED, hours), enforcement="tagout")
    page = at_the_editor(drafted(definition, oda))
    assert "Sentinel has no schedule" in page
    assert "Rewrite it for Sentinel" not in page


def test_without_direction_a_rule_keeps_its_site_where_that_alone_says_where():
    here = tuple(clause for clause in DIRECTED if clause.field != "workspace")
    assert [clause.field for clause in undirected(polls(all_of=here)).all_of] == [
        "site",
        "alert_type",
        "any_device",
        "any_device",
    ]


def test_another_kind_of_end_keeps_its_device(at_the_editor, workspace, oda):
    version = drafted(polls(all_of=DIRECTED, enforcement="tagout"), oda)
    at_the_editor(version, **{"all-3-was": "source_device", "all-3-field": "any_device"})
    assert version.body["all_of"][3] == {
        "field": "any_device",
        "operator": "is",
        "values": ["HIST-01"],
    }
    at_the_editor(version, **{"all-3-was": "any_device", "all-3-field": "any_address"})
    assert version.body["all_of"][3]["values"] == []
