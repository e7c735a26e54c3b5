"""What is owed may be laid over a row on which part of it lies already."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.incidents.ingest.overlay import patched_values
from alerts.incidents.models import IncidentStatus

LABELS = st.lists(st.sampled_from(["a", "A", "b", "c"]), max_size=3)
PATCHES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(["New", "Active", "Closed"]),
            "severity": st.sampled_from(["High", "Low"]),
            "classification": st.sampled_from(["BenignPositive", None]),
            "owner": st.sampled_from([{"objectId": "1", "email": "sam@example.test"}, None]),
            "labels_add": LABELS,
            "labels_remove": LABELS,
        },
    ),
    max_size=5,
)


@given(labels=LABELS, patches=PATCHES, part=st.integers(0, 5))
def test_laying_all_of_it_over_a_part_of_it_is_laying_it_once(labels, patches, part):
    once = patched_values(labels, patches)
    before = patched_values(labels, patches[:part])
    again = before | patched_values(before.get("labels", labels), patches)
    assert again == once


def test_nothing_owed_decides_nothing():
    assert patched_values(["a"], []) == {}


def test_a_later_write_wins_and_labels_differ_by_more_than_case():
    values = patched_values(
        ["Night", "b"],
        [
            {"status": "Active", "labels_add": ["NIGHT", "c"]},
            {"status": "Closed", "labels_remove": ["B"]},
        ],
    )
    assert (values["status"], values["labels"]) == (IncidentStatus.CLOSED, ["Night", "c"])
