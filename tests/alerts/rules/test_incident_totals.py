"""What became of each incident that a rule matches adds up."""

from datetime import UTC, datetime

from alerts.rules.backtest import count_incidents
from alerts.rules.evidence import EvidenceRow

AT = datetime(2026, 11, 24, 5, 10, tzinfo=UTC)


def row(alert, *incidents, verdict="", outcome=""):
    verdicts = ((f"v{alert}", verdict),) if verdict else ()
    return EvidenceRow(
        alert=alert,
        incidents=incidents,
        at=AT,
        site="Gdańsk",
        verdicts=verdicts,
        outcomes=frozenset({outcome} - {""}),
    )


def counted(*rows, touched=(), guarded=(), shared=(), closed_benign=()):
    return count_incidents(
        rows, touched=touched, guarded=guarded, shared=shared, closed_benign=closed_benign
    )


def test_every_incident_is_counted_once_and_the_sums_add_up():
    totals = counted(
        row(1, 1, verdict="routine"),
        row(2, 2, verdict="maintenance"),
        row(3, 3),
        row(4, 4),
        row(5, 5, verdict="suspicious"),
        row(6, 6, outcome="reopened"),
        row(7, 7),
        row(8, 8),
        row(9, 9, verdict="not-sure"),
        row(10, 10, verdict="routine"),
        touched={7},
        guarded={10},
        shared={8},
        closed_benign={3, 5},
    )
    parts = (totals.touched, totals.guarded, totals.shared, totals.closed)
    assert parts == (1, 1, 1, 7) and totals.matched == sum(parts) == 10
    assert (totals.harmless, totals.suspicious) == (2, 2)
    assert (totals.closed_benign, totals.not_judged) == (1, 2)


def test_who_was_faster_counts_before_what_else_is_inside():
    totals = counted(row(1, 1), row(2, 2), touched={1}, guarded={1, 2}, shared={1, 2})
    assert (totals.touched, totals.guarded, totals.shared, totals.closed) == (1, 1, 0, 0)


def test_an_incident_is_harmless_only_if_every_alert_was_judged_so():
    assert counted(row(1, 1, verdict="routine"), row(2, 1)).not_judged == 1
    assert counted(row(1, 1, verdict="routine"), row(2, 1, verdict="suspicious")).suspicious == 1
    both = counted(row(1, 1, verdict="routine"), row(2, 1, verdict="maintenance"))
    assert (both.matched, both.harmless) == (1, 1)


def test_nothing_matched_is_nothing():
    assert counted().matched == counted().closed == 0
