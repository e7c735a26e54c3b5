"""Which playbooks are taken for ones that act on the plant, and by which word."""

import pytest

from alerts.automation.engine.plant_effects import MAX_EVIDENCE, evidence_of


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("isolate-device", ()),
        ("IsolateMachine", ()),
        ("SOC_BLOCK_IP", ()),
        ("DisableSwitchPort", ()),
        ("network containment", ()),
        ("Gerät isolieren", ()),
        ("Port-sperren", ()),
        ("respond", ("HTTP http post /switches/ports/disable",)),
        ("respond", ("Set_ACL_on_firewall ApiConnection",)),
        ("respond", ("Stop_controller Http",)),
    ],
)
def test_what_isolates_blocks_or_disables_is_recognised(name, steps):
    assert evidence_of(name=name, notes="", steps=steps)


@pytest.mark.parametrize(
    ("name", "notes", "steps"),
    [
        ("enrich-with-cve", "Adds known weaknesses of the device", ("Add_comment azuresentinel",)),
        ("notify-ot-owner", "Mails the owner", ("Send_an_email office365 /v2/Mail",)),
        ("collect", "Copies what it contains to a container", ("Create_blob_in_container",)),
        ("sync-alert-status", "", ("Update_alert Http /Microsoft.IoTSecurity/alerts",)),
    ],
)
def test_what_only_reads_or_writes_is_not(name, notes, steps):
    assert evidence_of(name=name, notes=notes, steps=steps) == []


def test_the_word_and_its_place_are_told():
    (found,) = evidence_of(name="respond", notes="", steps=["Shut_port_on_switch ApiConnection"])
    assert (found.place, found.word) == ("step", "shut")
    assert found.text == "Shut_port_on_switch ApiConnection"


def test_a_further_step_is_seen_behind_many_words():
    steps = [f"Block_port_{n}" for n in range(10)]
    assert evidence_of(name="respond", notes="", steps=steps) != evidence_of(
        name="respond", notes="", steps=[*steps, "Shut_down_line"]
    )


def test_a_change_behind_very_many_words_is_seen():
    steps = [f"Block_port_{n}" for n in range(500)]
    before = evidence_of(name="respond", notes="", steps=steps)
    after = evidence_of(name="respond", notes="", steps=[*steps[:-1], "Block_port_x"])
    assert len(before) == len(after) == MAX_EVIDENCE + 1 and before != after
