"""What a fresh answer of Sentinel means for a wish of ours: who changed it since was faster."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.outbox.engine.merge import (
    AlreadyDone,
    Overtaken,
    ToWrite,
    base_for,
    decide_change,
    is_whole,
    rebase,
)
from alerts.sentinel.wire.incidents import incident_put_body

SAM = {"objectId": None, "email": "sam@demo.example", "assignedTo": "Sam Keller"}
LEO = {"objectId": "0e0", "email": "leo@demo.example", "assignedTo": "Leo Hartmann"}
SEEN = {
    "severity": "Medium",
    "status": "New",
    "owner": {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None},
    "labels": [{"labelName": "Press-Shop", "labelType": "User"}],
}
CLOSE = {
    "status": "Closed",
    "classification": "BenignPositive",
    "classificationReason": "SuspiciousButExpected",
    "classificationComment": "Closed by Sam Keller in Tagout.",
}


def labels(*names):
    return {"labels": [{"labelName": name, "labelType": "User"} for name in names]}


@pytest.mark.parametrize(
    ("patch", "edit", "expected"),
    [
        ({"severity": "Low"}, {}, ToWrite({"severity": "Low"})),
        ({"severity": "Low"}, {"severity": "Low"}, AlreadyDone()),
        ({"severity": "Low"}, {"severity": "low "}, AlreadyDone()),
        ({"severity": "Low"}, {"severity": "High"}, Overtaken),
        ({"severity": "Low"}, {"status": "Active"}, ToWrite({"severity": "Low"})),
        ({"severity": "Low"}, labels("theirs"), ToWrite({"severity": "Low"})),
        ({"owner": SAM}, {}, ToWrite({"owner": SAM})),
        ({"owner": SAM}, {"owner": LEO}, Overtaken),
        ({"owner": SAM}, {"owner": SAM | {"objectId": "5a5"}}, AlreadyDone()),
        ({"owner": None}, {}, AlreadyDone()),
        ({"labels_add": ["new"]}, labels("Press-Shop", "theirs"), ToWrite({}, ("new",))),
        ({"labels_add": ["NEW"]}, labels("Press-Shop", "new"), AlreadyDone()),
        ({"labels_remove": ["press-shop"]}, {}, ToWrite({}, (), ("press-shop",))),
        ({"labels_remove": ["press-shop"]}, labels(), AlreadyDone()),
        ({"labels_add": ["new"]}, {"severity": "High"}, ToWrite({}, ("new",))),
        (CLOSE, {}, ToWrite(CLOSE)),
        (CLOSE, CLOSE, AlreadyDone()),
        (CLOSE, {"status": "Active"}, Overtaken),
        (CLOSE, {"severity": "High"}, Overtaken),
        (CLOSE, {"owner": LEO}, Overtaken),
        (CLOSE, {"classification": "TruePositive", "status": "Closed"}, Overtaken),
        (CLOSE, labels("Press-Shop", "look-at-this"), Overtaken),
        (CLOSE, labels("Press-Shop", "tagout-off"), ToWrite(CLOSE)),
        (CLOSE, labels("Press-Shop", "tagout:maintenance"), ToWrite(CLOSE)),
        (CLOSE, labels(), ToWrite(CLOSE)),
        (CLOSE, {"description": "new words", "title": "renamed"}, ToWrite(CLOSE)),
        (CLOSE, {"additionalData": {"mergedIncidentNumber": 7}}, Overtaken),
        (CLOSE, labels("Press-Shop", "redirected"), Overtaken),
    ],
)
def test_what_is_done_depends_on_who_changed_what_since(patch, edit, expected):
    decision = decide_change(patch, base_for(patch, SEEN), SEEN | edit)
    if isinstance(expected, type):
        assert isinstance(decision, expected)
    else:
        assert decision == expected


def test_a_lost_race_says_who_and_what():
    decision = decide_change(
        CLOSE, base_for(CLOSE, SEEN), SEEN | {"owner": LEO, "severity": "High"}
    )
    assert [(f.member, f.now) for f in decision.foreign] == [("severity", "High"), ("owner", LEO)]


def test_a_label_that_sentinel_gave_by_itself_is_not_taken_away():
    auto = {"labels": [{"labelName": "auto", "labelType": "AutoAssigned"}]}
    assert decide_change({"labels_remove": ["auto"]}, {}, auto) == AlreadyDone()


def test_a_close_is_not_sound_without_all_that_must_be_watched():
    assert is_whole(CLOSE, base_for(CLOSE, SEEN))
    assert not is_whole(CLOSE, {"status": "New"})
    assert is_whole({"labels_add": ["x"]}, {})


def test_what_we_wrote_ourselves_is_not_foreign_to_a_later_close():
    assign, close_base = {"owner": SAM, "labels_add": ["Gdansk"]}, base_for(CLOSE, SEEN)
    after = SEEN | {"owner": SAM | {"objectId": "5a5"}} | labels("Press-Shop", "Gdansk")
    assert isinstance(decide_change(CLOSE, close_base, after), Overtaken)
    assert decide_change(CLOSE, rebase(close_base, assign, after), after) == ToWrite(CLOSE)


def test_somebody_elses_change_beside_ours_stays_foreign_to_a_later_close():
    after = SEEN | {"owner": SAM, "severity": "High"} | labels("Press-Shop", "theirs")
    base = rebase(base_for(CLOSE, SEEN), {"owner": SAM}, after)
    assert {f.member for f in decide_change(CLOSE, base, after).foreign} == {"severity", "labels"}


VALUES = {
    "severity": ["Low", "Medium", "High"],
    "status": ["New", "Active", "Closed"],
    "classification": [None, "TruePositive", "BenignPositive"],
    "classificationReason": [None, "SuspiciousActivity", "SuspiciousButExpected"],
    "classificationComment": [None, "ours", "theirs"],
    "owner": [None, SAM, LEO],
    "title": ["a", "b"],
    "unheardOf": [None, {"kept": 1}],
}
LABELS = ["x", "y", "z", "tagout:routine"]


@st.composite
def states(draw):
    state = {name: draw(st.sampled_from(values)) for name, values in VALUES.items()}
    return state | labels(*draw(st.sets(st.sampled_from(LABELS))))


@st.composite
def patches(draw):
    ours = ["severity", "status", "owner", "classification", "classificationComment"]
    names = draw(st.sets(st.sampled_from(ours), min_size=1))
    patch = {name: draw(st.sampled_from(VALUES[name])) for name in names}
    return patch | {"labels_add": draw(st.lists(st.sampled_from(LABELS), max_size=2))}


@given(shown=states(), fresh=states(), patch=patches())
def test_no_foreign_edit_is_ever_overwritten(shown, fresh, patch):
    before = copy.deepcopy(fresh)
    decision = decide_change(patch, base_for(patch, shown), fresh)
    assert fresh == before
    if not isinstance(decision, ToWrite):
        return
    body = incident_put_body(
        {"etag": "1", "properties": fresh},
        decision.changes,
        add_labels=decision.add_labels,
        remove_labels=decision.remove_labels,
    )["properties"]
    for member in VALUES:
        if fresh[member] != shown[member] or member not in patch:  # somebody edited it meanwhile
            assert body.get(member) == fresh[member]
    names = {label["labelName"] for label in body["labels"]}
    assert names >= {label["labelName"] for label in fresh["labels"]}
    assert names >= set(patch["labels_add"])


@given(shown=states(), fresh=states(), patch=patches())
def test_what_was_written_is_as_wanted_when_it_is_looked_at_again(shown, fresh, patch):
    decision = decide_change(patch, base_for(patch, shown), fresh)
    if isinstance(decision, ToWrite):
        written = incident_put_body(
            {"etag": "1", "properties": fresh}, decision.changes, add_labels=decision.add_labels
        )["properties"]
        assert decide_change(patch, base_for(patch, shown), written) == AlreadyDone()
