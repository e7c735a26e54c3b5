import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from alerts.incidents.models import Incident, IncidentStatus, OtState, PatternMemory
from alerts.outbox.models import Change
from alerts.reviews.models import Verdict
from alerts.reviews.services.import_verdicts import CannotImportVerdicts, import_verdicts
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests import cast
from tests.alerts.reviews.conftest import PATTERN
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_workspace

pytestmark = pytest.mark.django_db
HEAD = "incident,verdict,cause,by,at,note\n"
AT = "2026-11-24T11:50:00+00:00"


@pytest.fixture
def take(oda):
    """`take(lines…)` imports a CSV of these lines."""

    def take(*lines, head=HEAD, **more):
        data = (head + "".join(f"{line}\n" for line in lines)).encode()
        return import_verdicts(data=data, source="past.csv", by="tests", now=NOON, **more)

    return take


def line(incident, verdict="routine", cause="other", by="oda@demo.example", at=AT, note=""):
    return f"{incident.number},{verdict},{cause},{by},{at},{note}"


def faults_of(take, *lines, **more):
    with pytest.raises(CannotImportVerdicts) as refused:
        take(*lines, **more)
    assert not Verdict.objects.exists()
    return [(fault.line, fault.column, fault.sentence) for fault in refused.value.faults]


def test_open_and_closed_incidents_get_their_verdicts_and_sentinel_hears_nothing(take, make, oda):
    still_open, closed = make(1)[0], make(1, status=IncidentStatus.CLOSED)[0]
    done = take(line(still_open, note="Recipe change."), line(closed, at="2026-11-24T11:51Z"))
    assert (done.lines, done.new, done.unchanged) == (2, 2, 0)
    assert done.people == {"oda@demo.example": 2}
    assert not Change.objects.exists()
    assert not Notification.objects.exists()
    assert PatternMemory.objects.get(pattern=PATTERN).routine == 2
    assert Incident.objects.get(pk=still_open.pk).ot_state == OtState.ROUTINE
    verdict = Verdict.objects.get(incidents=still_open)
    assert (verdict.by, verdict.imported_at, verdict.note) == (oda, NOON, "Recipe change.")
    assert verdict.given_at == datetime(2026, 11, 24, 11, 50, tzinfo=UTC)
    assert verdict.alerts.count() == 1
    [report] = still_open.timeline.all()
    assert (report.code, report.at, report.details["imported"]) == (
        "answered",
        verdict.given_at,
        True,
    )
    entry = Entry.objects.get(action="reviews.verdicts.imported")
    assert entry.details["file"] == "past.csv"
    assert entry.details["people"] == {"oda@demo.example": 2}


def test_the_timeline_says_that_it_was_imported(take, make, client, sam):
    incident = make()[0]
    take(line(incident))
    client.force_login(sam)
    page = client.get(f"/incidents/{incident.pk}/?tab=timeline").content.decode()
    assert "judged it: Routine (imported)" in page


def test_the_same_file_twice_changes_nothing(take, make):
    incidents = make(3)
    lines = [line(incident) for incident in incidents]
    take(*lines)
    again = take(*lines)
    assert (again.new, again.unchanged) == (0, 3)
    assert Entry.objects.filter(action="reviews.verdicts.imported").count() == 1
    more = take(*lines, line(incidents[0], at="2026-11-24T11:55:00Z"))
    assert (more.new, more.unchanged) == (1, 3)


def test_lines_of_one_act_are_one_trial(take, make):
    """One tap that covered thirty incidents is one trial in every statistic, also from a file."""
    done = take(*[line(incident) for incident in make(3)])
    assert (done.new, done.judgements) == (3, 1)
    assert Verdict.objects.get().incidents.count() == 3
    assert PatternMemory.objects.get(pattern=PATTERN).routine == 1


def test_a_dry_run_tells_all_and_keeps_nothing(take, make):
    done = take(line(make()[0]), is_dry_run=True)
    assert (done.new, done.judgements) == (1, 1)
    assert not Verdict.objects.exists()
    assert not Entry.objects.filter(action__startswith="reviews.").exists()


def test_history_that_comes_newest_first_leaves_the_newest_word(take, make, answer):
    """What was given here later holds, whatever a file brings afterwards."""
    incident = make()[0]
    answer(
        incident_ids=[incident.pk], verdict="suspicious", note="Not us.", cause="other", now=NOON
    )
    take(line(incident, at="2026-11-24T11:55:00Z"), line(incident, "maintenance"))
    incident.refresh_from_db()
    assert incident.ot_state == OtState.SUSPICIOUS
    assert Verdict.objects.filter(superseded_by=None).get().kind == "suspicious"
    assert PatternMemory.objects.get(pattern=PATTERN).latest_verdict == "suspicious"


def test_numbers_names_and_spellings_are_understood(take, make):
    first, second, third = make(3)
    done = take(
        f"#{first.number},Routine,other,ODA@demo.example,{AT},",
        f"{second.name.upper()},not sure,other,oda@demo.example,{AT},",
        f"{third.number},maintenance,Other,oda@demo.example,{AT},",
    )
    assert done.new == 3


def test_json_is_read_as_well(make, oda):
    incident = make()[0]
    report = {
        "incident": incident.number,
        "verdict": "routine",
        "cause": "other",
        "by": oda.email,
        "at": AT,
        "note": None,
    }
    done = import_verdicts(data=json.dumps([report]).encode(), source="x", by="tests", now=NOON)
    assert done.new == 1


def test_a_moment_without_a_zone_is_on_the_plants_clock(take, make):
    incident = make()[0]
    take(line(incident, at="2026-11-24T12:50"))
    assert Verdict.objects.get().given_at == datetime(2026, 11, 24, 11, 50, tzinfo=UTC)


@pytest.mark.parametrize("at", ["2026-10-25T02:30", "2026-03-29T02:30"])
def test_a_moment_that_the_clock_shows_twice_or_never_is_asked_about(take, make, at):
    incident = make(at=datetime(2026, 3, 1, tzinfo=UTC))[0]
    [(_, column, sentence)] = faults_of(take, line(incident, at=at))
    assert column == "at"
    assert "Europe/Warsaw changed" in sentence


def test_every_fault_is_told_with_line_and_column_and_nothing_is_kept(take, make, make_person):
    good = make()[0]
    make_person(cast.SAM)
    found = faults_of(
        take,
        line(good),
        f"999999,routine,other,oda@demo.example,{AT},",
        line(good, by="nobody@demo.example"),
        line(good, cause="no-such-cause"),
        line(good, verdict="fine"),
        line(good, at="2026-11-25T12:00:00Z"),
        line(good, at="2026-11-23T12:00:00Z"),
        line(good, at="yesterday"),
        line(good, verdict="suspicious", at="2026-11-24T11:55:00Z"),
        line(good, by="sam@demo.example"),
        f",routine,other,oda@demo.example,{AT},",
        line(good, by="Oda"),
        line(good, note="x" * 501),
    )
    assert [(number, column) for number, column, _ in found] == [
        (3, "incident"),
        (4, "by"),
        (5, "cause"),
        (6, "verdict"),
        (7, "at"),
        (8, "at"),
        (9, "at"),
        (10, "note"),
        (11, "by"),
        (12, "incident"),
        (13, "by"),
        (14, "note"),
    ]
    assert "no incident 999999" in found[0][2]
    assert "`person add`" in found[1][2]
    assert "in the future" in found[4][2]
    assert "began later" in found[5][2]
    assert "does not speak for OT" in found[8][2]


def test_columns_that_lack_or_are_unknown_are_told(take, make):
    found = faults_of(take, "1,routine", head="incident,verdict,remark\n")
    assert [(number, column) for number, column, _ in found] == [(1, ""), (1, "remark")]
    assert "cause, by or at" in found[0][2]


def test_a_number_that_two_workspaces_have_needs_the_workspace(take, make, site, oda):
    incident = make()[0]
    other = make_workspace("porto")
    make_incident(other, number=incident.number, site_ids=[site.pk])
    [(_, column, sentence)] = faults_of(take, line(incident))
    assert column == "workspace"
    assert "gdansk, porto" in sentence
    report = f"{line(incident)},gdansk"
    assert take(report, head=HEAD.replace("note", "note,workspace")).new == 1
    assert Verdict.objects.get().incidents.get() == incident


def test_another_verdict_at_the_same_moment_is_refused(take, make):
    incident = make()[0]
    [(number, column, _)] = faults_of(take, line(incident), line(incident, "maintenance"))
    assert (number, column) == (3, "at")
    take(line(incident))
    with pytest.raises(CannotImportVerdicts, match="judged this incident differently"):
        take(line(incident, "maintenance"))


def test_a_question_that_waits_is_answered_where_it_was_asked(take, make, ask):
    incident = make()[0]
    ask([incident], now=NOON - timedelta(minutes=15))
    [(_, column, sentence)] = faults_of(take, line(incident))
    assert column == "incident"
    assert "waits for an answer" in sentence


def test_what_sentinel_has_deleted_is_left_alone(take, make):
    incident = make(gone_at=NOON)[0]
    [(_, column, _)] = faults_of(take, line(incident))
    assert column == "incident"


def test_who_has_left_has_judged_all_the_same(take, make, oda):
    oda.is_active = False
    oda.save()
    oda.grants.update(revoked_at=NOON)
    assert take(line(make()[0])).new == 1


def test_verdicts_of_a_file_are_the_word_of_one_hand_as_evidence(take, make, oda, olaf, answer):
    from alerts.suppression.signing.signing_context import people_behind

    first, second = make(2)
    take(line(first), line(second, by="olaf@demo.example"))
    imported = list(Verdict.objects.order_by("pk"))
    assert len(people_behind(imported)) == 1
    own = answer(incident_ids=[first.pk], verdict="routine", cause="other", by=olaf, now=NOON)
    assert people_behind([*imported, own]) == {str(olaf.uuid)}


def test_the_command_prints_one_document(tmp_path, make, oda, capsys, monkeypatch):
    monkeypatch.setattr("portal.clock.now", lambda: NOON)
    file = tmp_path / "past.csv"
    file.write_text(HEAD + line(make()[0]) + "\n")
    call_command("verdicts", "import", str(file), "--dry-run", "--json")
    report = json.loads(capsys.readouterr().out)
    assert (report["new"], report["dry_run"]) == (1, True)
    call_command("verdicts", "import", str(file), "--by", "ODA@demo.example")
    assert Verdict.objects.get().file.imported_by == oda


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["import", "/no/such/file.csv"], "cannot be read"),
        (["import"], "needs a file"),
        (["import", "past.csv", "--by", "no@demo.example"], "Nobody in Tagout has the address"),
        (["export"], "one action of verdicts is import"),
    ],
)
def test_the_command_says_in_one_sentence_what_is_wrong(words, message):
    with pytest.raises(CommandError, match=message):
        call_command("verdicts", *words)


def test_the_command_lists_every_fault(tmp_path, oda):
    file = tmp_path / "past.csv"
    file.write_text(f"{HEAD}1,routine,other,{oda.email},{AT},\n2,routine,x,{oda.email},{AT},\n")
    with pytest.raises(CommandError) as refused:
        call_command("verdicts", "import", str(file))
    report = str(refused.value).splitlines()
    assert report[0].startswith("Line 2, column incident:")
    assert report[1].startswith("Line 3, column cause:")


def test_many_verdicts_are_few_questions(take, make, django_assert_max_num_queries):
    incidents = make(40, at=NOON - timedelta(hours=2))
    stamps = [f"2026-11-24T11:5{n % 10}:{n:02d}Z" for n in range(40)]
    with django_assert_max_num_queries(60):
        take(*[line(incident, at=at) for incident, at in zip(incidents, stamps, strict=True)])
    assert Verdict.objects.count() == 40
