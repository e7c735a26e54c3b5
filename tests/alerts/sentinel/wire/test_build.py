"""What is sent to Sentinel is the whole incident as it was, with our change and nothing else."""

import pytest

from alerts.outbox.engine.merge import close_patch
from alerts.sentinel.wire.incidents import comment_body, incident_put_body
from alerts.sentinel.wire.records import Unfit
from alerts.sentinel.wire.values import MAX_COMMENT_LENGTH
from tests.alerts.sentinel.wire.samples import incident


def test_a_put_carries_all_members_but_those_that_are_read_only():
    raw = incident(1, unheardOf={"kept": None})
    body = incident_put_body(raw, {"severity": "Low"})
    sent = body["properties"]
    assert body["etag"] == '"etag-1"'
    assert sent["severity"] == "Low"
    assert sent["unheardOf"] == {"kept": None}
    assert sent["owner"] == raw["properties"]["owner"]
    assert not sent.keys() & {"incidentNumber", "additionalData", "lastModifiedTimeUtc"}
    assert raw == incident(1, unheardOf={"kept": None})


def test_closing_without_a_reason_clears_an_older_one():
    raw = incident(1, classificationReason="InaccurateData")
    body = incident_put_body(raw, close_patch(classification="Undetermined", reason=None))
    assert body["properties"]["status"] == "Closed"
    assert "classificationReason" not in body["properties"]


def test_labels_are_merged_and_their_kind_is_never_sent():
    labels = [
        {"labelName": "Press-Shop", "labelType": "User"},
        {"labelName": "old", "labelType": "User"},
        {"labelName": "auto", "labelType": "AutoAssigned"},
    ]
    body = incident_put_body(
        incident(1, labels=labels),
        {},
        add_labels=["tagout:asked", "press-shop"],
        remove_labels=["OLD", "auto"],
    )
    assert body["properties"]["labels"] == [
        {"labelName": "Press-Shop"},
        {"labelName": "auto"},
        {"labelName": "tagout:asked"},
    ]


@pytest.mark.parametrize("etag", [None, "", 5])
def test_nothing_is_sent_without_the_etag_that_was_read(etag):
    with pytest.raises(Unfit, match="etag"):
        incident_put_body(incident(1) | {"etag": etag}, {})


def test_a_member_we_never_change_is_refused():
    with pytest.raises(ValueError, match="incidentNumber"):
        incident_put_body(incident(1), {"incidentNumber": 5})


def test_a_comment_that_is_too_long_is_cut_visibly():
    message = comment_body("x" * (MAX_COMMENT_LENGTH + 1))["properties"]["message"]
    assert len(message) == MAX_COMMENT_LENGTH
    assert message.endswith(" …")
