"""ATT&CK for ICS: old ids lead to current ones, and Sentinel's spelling is understood."""

import pytest

from portal.attack import engine

MOVED = {
    "T0803": "T1691.001",
    "T0804": "T1691.002",
    "T0805": "T1695.001",
    "T0812": "T1694.001",
    "T0839": "T1693.002",
    "T0855": "T1692.001",
    "T0856": "T1692.002",
    "T0857": "T1693.001",
    "T0891": "T1694.002",
}


@pytest.mark.parametrize(("old", "current"), MOVED.items())
def test_a_retired_id_leads_to_the_current_one(old, current):
    assert engine.resolve(old) == current
    retired, now = engine.technique(old), engine.technique(current)
    assert retired is not None
    assert now is not None
    assert retired.is_revoked
    assert not retired.is_current
    assert now.is_current
    assert now.former_id == old


def test_other_ids_stay_as_they_are():
    assert engine.resolve("T0843") == "T0843"
    assert engine.resolve(" t0855 ") == "T1692.001"
    assert engine.resolve("T9999") == "T9999"
    assert engine.resolve("T0818") == "T0818"  # deprecated without a successor
    assert engine.technique("T9999") is None
    assert engine.technique("") is None


def test_a_technique_knows_its_tactics_in_order():
    firmware = engine.technique("T1693.001")
    assert firmware is not None
    assert firmware.full_name == "Modify Firmware: System Firmware"
    assert firmware.is_subtechnique
    assert firmware.parent == "T1693"
    assert firmware.tactics == (
        "Persistence",
        "Inhibit Response Function",
        "Impair Process Control",
    )


def test_the_counts_of_the_release():
    current = engine.current_techniques()
    assert engine.version() == "19.1"
    assert len(current) == 97
    assert sum(technique.is_subtechnique for technique in current) == 18
    assert all(technique.tactics for technique in current)


def test_the_twelve_tactics_in_the_order_of_the_matrix():
    named = [tactic.name for tactic in engine.tactics()]
    assert len(named) == 12
    assert named[0] == "Initial Access"
    assert named[-3:] == ["Inhibit Response Function", "Impair Process Control", "Impact"]
    assert [tactic.order for tactic in engine.tactics()] == list(range(1, 13))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ImpairProcessControl", "Impair Process Control"),
        ("InhibitResponseFunction", "Inhibit Response Function"),
        ("DefenseEvasion", "Evasion"),
        ("Defense Evasion", "Evasion"),
        ("Evasion", "Evasion"),
        ("impair-process-control", "Impair Process Control"),
        ("command and control", "Command and Control"),
        ("CommandAndControl", "Command and Control"),
        ("TA0105", "Impact"),
    ],
)
def test_a_tactic_is_understood_however_it_is_spelled(text, name):
    found = engine.tactic(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("text", ["", "CredentialAccess", "PreAttack", "Unknown"])
def test_a_tactic_that_ics_does_not_have_is_none(text):
    assert engine.tactic(text) is None


def test_sentinels_spelling():
    spelled = {tactic.name: tactic.sentinel_name for tactic in engine.tactics()}
    assert spelled["Evasion"] == "DefenseEvasion"
    assert spelled["Command and Control"] == "CommandAndControl"
    assert spelled["Impair Process Control"] == "ImpairProcessControl"


def test_the_matrix_has_every_technique_under_each_of_its_tactics():
    columns = engine.matrix()
    cells = sum(len(techniques) for _, techniques in columns)
    top = [technique for technique in engine.current_techniques() if not technique.is_subtechnique]
    assert len(columns) == 12
    assert cells == sum(len(technique.tactics) for technique in top)


def test_the_notice_and_the_licence_go_with_the_data():
    assert "MITRE ATT&CK®" in engine.notice()
    assert "The MITRE Corporation. This work is reproduced and distributed" in engine.notice()
    assert "does not endorse" in engine.notice()
    assert "royalty-free license" in engine.licence()
