"""What we name in Sentinel has the same id whenever we send it."""

from alerts.outbox.services.enqueue import our_id


def test_our_ids_are_the_same_for_the_same_parts_only():
    assert our_id("comment", 1, "a") == our_id("comment", 1, "a")
    assert our_id("comment", 1, "a") != our_id("comment", "1a")
