"""What a timeline says: people's words in the reader's language, no value of the database."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import translation

from alerts.incidents.acts.triage import assign_incidents, change_severity
from alerts.incidents.models import (
    BulkAct,
    Incident,
    IncidentCloser,
    IncidentStatus,
    Severity,
    TimelineItem,
)
from alerts.incidents.page.timeline import SENTENCES, timeline_events_of
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_listed_incident, make_workspace

pytestmark = pytest.mark.django_db

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}
LOGIC = {"classification": "FalsePositive", "reason": "IncorrectAlertLogic"}
ROOMS = Path(__file__).parents[4] / "alerts"


@pytest.fixture
def incident(db):
    return make_incident(make_workspace(), created_at=NOON - timedelta(hours=1))


@pytest.fixture
def text_of(incident):
    """`text_of("closed", …)` writes one line and gives its author, words and the rest as read."""

    def text(code, side="soc", by="Sam Keller", *, details=None, **parts):
        TimelineItem.objects.create(
            incident=incident,
            at=NOON,
            side=side,
            by_label=by,
            code=code,
            details=(details or {}) | parts,
        )
        line = timeline_events_of(incident)[0]
        parts = (line.words, line.old and f"{line.old} → {line.new}", line.quote, *line.lines)
        return f"{line.who} {' | '.join(filter(None, parts))}"

    return text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Sam Keller closed it as Benign positive: suspicious but expected | Planned."),
        (
            "de",
            "Sam Keller hat ihn geschlossen als Benign Positive: verdächtig, aber erwartet"
            " | Planned.",
        ),
    ],
)
def test_a_close_is_told_in_words(text_of, language, words):
    with translation.override(language):
        assert text_of("closed", **BENIGN, comment="Planned.") == words


def test_a_close_without_a_reason_names_the_classification_alone(text_of):
    assert text_of("closed", classification="Undetermined", reason="") == (
        "Sam Keller closed it as Undetermined"
    )


def test_a_close_in_sentinel_reads_as_one_here(text_of):
    closed = {"from": "New", "to": "Closed"} | LOGIC
    assert text_of("status", "sentinel", "", **closed) == (
        "Sentinel closed it as False positive: incorrect alert logic"
    )


def test_other_changes_of_status_and_classification_show_both_words(text_of):
    assert text_of("status", "sentinel", "", **{"from": "New", "to": "Active"}) == (
        "Sentinel changed the status | New → Active"
    )
    assert text_of(
        "classification", **{"from": "TruePositive", "to": "BenignPositive"}, **BENIGN
    ) == (
        "Sam Keller changed the classification"
        " | True positive → Benign positive: suspicious but expected"
    )


def test_what_sentinel_kept_is_told_in_words(text_of):
    won = [
        {"member": "classification", "now": "TruePositive", "wanted": "BenignPositive"},
        {
            "member": "classificationReason",
            "now": "SuspiciousActivity",
            "wanted": "SuspiciousButExpected",
        },
    ]
    assert text_of("conflict", "sentinel", "", won=won) == (
        "Sentinel kept a newer change: somebody changed it there before the change by Tagout came"
        " | Classification stays True positive, not Benign positive"
        " | Reason stays suspicious activity, not suspicious but expected"
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("closed", "undid the close"),
        ("owner", "undid the assignment"),
        ("answered", "withdrew the verdict"),
    ],
)
def test_an_undo_says_what_was_undone(text_of, code, words):
    assert text_of("undone", details={"code": code}) == f"Sam Keller {words}"


@pytest.mark.parametrize(
    ("code", "details", "words"),
    [
        ("closed", BENIGN, "Rule R-12 closed it as Benign positive: suspicious but expected"),
        (
            "closed-by-rule",
            BENIGN,
            "Rule R-12 closed it in Sentinel by itself: Benign positive: suspicious but expected",
        ),
        (
            "labels",
            {"added": ["tagout:would-close:R-12"], "removed": []},
            "Rule R-12 would have closed it; in its trial it only adds a label",
        ),
        ("would-close", {}, "Rule R-12 would have closed it; in its trial it only adds a label"),
    ],
)
def test_what_a_rule_did_names_the_rule(text_of, code, details, words):
    assert text_of(code, "portal", "R-12", **details) == words


def test_what_tagout_did_about_a_rule_says_why(text_of):
    assert text_of("rule-stopped", "portal", "Tagout", rule="R-12", ending="true_positive") == (
        "Tagout stopped rule R-12: this turned out to be a true positive"
    )
    assert text_of("reopened", "portal", "Tagout", closed_by="R-12", because="alert-joined") == (
        "Tagout reopened what rule R-12 had closed | Another alert joined that no rule may close."
    )


@pytest.fixture
def closed_before(db):
    """An incident that was closed in Sentinel before Tagout read it."""
    return make_incident(
        make_workspace(),
        created_at=NOON - timedelta(days=9),
        closed_at=NOON - timedelta(days=8),
        status=IncidentStatus.CLOSED,
        classification="FalsePositive",
        classification_reason="InaccurateData",
    )


def words_on(incident, who="all"):
    return [f"{line.who} {line.words}" for line in timeline_events_of(incident, who)]


def test_what_was_closed_before_we_read_it_says_so(closed_before):
    text = "Sentinel had closed it as False positive: inaccurate data before Tagout first read it"
    assert words_on(closed_before) == [text, "Sentinel raised the incident"]
    assert words_on(closed_before, "system") == [text, "Sentinel raised the incident"]
    assert words_on(closed_before, "people") == []
    assert timeline_events_of(closed_before)[0].at == NOON - timedelta(days=8)


def test_a_close_that_we_know_of_is_told_once(closed_before):
    TimelineItem.objects.create(
        incident=closed_before,
        at=NOON,
        side="soc",
        by_label="Sam Keller",
        code="closed",
        details=BENIGN,
    )
    assert [words for words in words_on(closed_before) if "closed" in words] == [
        "Sam Keller closed it as Benign positive: suspicious but expected"
    ]


def test_how_it_was_closed_before_a_change_is_not_guessed(closed_before):
    TimelineItem.objects.create(
        incident=closed_before,
        at=NOON,
        side="sentinel",
        code="classification",
        details={"from": "TruePositive", "to": "FalsePositive"},
    )
    assert "Sentinel had closed it before Tagout first read it" in words_on(closed_before)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "had changed it before Tagout first read it | Status: Active | Owner: Ana Costa"),
        (
            "de",
            "hatte ihn geändert, bevor Tagout ihn zum ersten Mal las"
            " | Status: Aktiv | Zuständig: Ana Costa",
        ),
    ],
)
def test_what_was_so_at_the_first_read_is_a_line(incident, language, words):
    """Sentinel's list does not say who did it when: a lone "raised the incident" hid all of it."""
    Incident.objects.update(status=IncidentStatus.ACTIVE, owner_id="a", owner_name="Ana Costa")
    incident.refresh_from_db()
    with translation.override(language):
        first = timeline_events_of(incident)[0]
    assert " | ".join((first.words, *first.lines)) == words
    assert (first.who, first.at) == ("Sentinel", incident.stored_at)


def test_what_changed_since_the_first_read_is_not_said_of_it(incident, text_of):
    Incident.objects.update(status=IncidentStatus.ACTIVE, owner_id="b", owner_name="Ben Ito")
    incident.refresh_from_db()
    text_of("status", "sentinel", "", **{"from": "New", "to": "Active"})
    text_of("owner", "sentinel", "", **{"from": "Ana Costa", "to": "Ben Ito"})
    lines = [line.lines for line in timeline_events_of(incident) if line.ref == "first-read"]
    assert lines == [("Owner: Ana Costa",)]
    TimelineItem.objects.filter(code="owner").update(code="escalated", details={"from": "Low"})
    assert "first-read" not in {line.ref for line in timeline_events_of(incident)}


def test_a_new_incident_has_no_line_of_its_first_read(incident):
    assert words_on(incident) == ["Sentinel raised the incident"]


def test_who_closed_it_before_the_first_read_is_named_where_the_log_has_it(closed_before):
    at = closed_before.closed_at
    IncidentCloser.objects.create(incident=closed_before, name="ana@plant.example", closed_at=at)
    assert words_on(closed_before)[0].startswith("ana@plant.example had closed it as False")


def test_who_closed_it_in_sentinel_is_named_where_the_log_has_it(incident, text_of):
    Incident.objects.update(status=IncidentStatus.CLOSED)
    incident.refresh_from_db()
    closer = IncidentCloser.objects.create(
        incident=incident, name="Playbook - tidy", closed_at=NOON + timedelta(seconds=40)
    )
    closed = {"from": "New", "to": "Closed"} | LOGIC
    assert text_of("status", "sentinel", "", **closed).startswith("Playbook - tidy closed it as")
    closer.closed_at += timedelta(hours=1)
    closer.save()
    assert words_on(incident)[0].startswith("Sentinel closed it"), "another close"


def test_an_act_on_several_says_with_how_many(make_person):
    sam, gdansk = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.ALL, None)), make_workspace()
    rows = [make_listed_incident(gdansk, provider="Azure Sentinel") for _ in range(3)]
    severity = {"severity": Severity.LOW, "by": sam, "now": NOON}
    change_severity(incident_ids=[row.pk for row in rows], **severity)
    assign_incidents(incident_ids=[rows[0].pk], to=sam, by=sam, now=NOON + timedelta(minutes=1))
    assigned, changed, *_ = timeline_events_of(rows[0])
    assert (assigned.words, assigned.lines) == ("changed the owner", ())
    assert (changed.who, changed.lines) == (sam.name, ("Together with 2 others",))
    act = rows[0].timeline.get(code="severity").act
    BulkAct.objects.create(
        act=act,
        verb="severity",
        title="61 incidents",
        by=sam,
        incident_ids=[],
        standings=[],
        worked=61,
        done=61,
        made_at=NOON,
        due_at=NOON,
    )
    assert timeline_events_of(rows[0])[1].lines == ("Together with 60 others",)


def test_every_kind_of_line_that_is_written_has_a_sentence():
    written = re.compile(r'(?:\bcode=|\b(?:Step|ActEffect)\(|_item\(\w+, [\w.]+, )"([a-z][a-z-]+)"')
    changes = re.compile(r'\byield "([a-z][a-z-]+)"')
    rooms = ("incidents", "reviews", "suppression")
    codes = {
        code
        for room in rooms
        for file in (ROOMS / room).glob("*/*.py")
        for code in written.findall(file.read_text(encoding="utf-8"))
    } | {"conflict", "refused", "dropped", "untrusted"}
    history = ROOMS / "incidents/ingest/store.py"
    codes |= set(changes.findall(history.read_text(encoding="utf-8")))
    assert len(codes) > 20
    # A comment stands among the lines with its own words.
    assert codes - SENTENCES.keys() == {"commented"}
