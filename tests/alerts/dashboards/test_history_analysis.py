"""The analysis of a period: its numbers are the database's, and each person's own."""

import csv
import html
import io
import json
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from alerts.dashboards.models import HistoryReport
from alerts.dashboards.queries.history_analysis import alert_rows, analyse_history
from alerts.dashboards.services.history_reports import make_due_reports, request_history_report
from alerts.incidents.models import Alert, Incident, IncidentAlert, IncidentStatus
from alerts.reviews.models import Verdict
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from portal.jobs.models import JobState
from tests import cast
from tests.alerts.suppression.past import judge, routine
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site, make_workspace
from tests.reuse import reuse_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)
SINCE = NOON - timedelta(days=90)
TABLES = ("alerts", "types", "patterns")


@reuse_rows
def workspace(db):
    return make_workspace()


@reuse_rows
def history(workspace, site, oda):
    """Thirty days of programming, twelve of them judged routine."""
    incidents = routine(workspace, site)
    for incident in incidents[:12]:
        judge([incident], oda)
    return incidents


def analyse(user=None):
    return analyse_history(user, since=SINCE, until=NOON)


def test_its_numbers_are_those_of_the_database(history, workspace, site):
    make_alert(make_incident(workspace), site=site, at=NOON - timedelta(days=100))  # before
    found = analyse()
    alerts = Alert.objects.filter(at__gte=SINCE, at__lt=NOON)
    links = IncidentAlert.objects.filter(alert__in=alerts)
    assert found.alerts == alerts.count() == sum(line.alerts for line in found.types)
    assert found.incidents == len({link.incident_id for link in links})
    assert found.verdicts == 12
    by_type = {line.alert_type: line for line in found.types}
    for title, line in by_type.items():
        own = alerts.filter(alert_type=title)
        assert line.alerts == own.count()
        assert line.days == len({alert.at.date() for alert in own})
        assert line.incidents == len({k.incident_id for k in links.filter(alert__in=own)})
    assert sum(line.routine + line.maintenance for line in found.types) == 12


def test_alerts_are_counted_by_what_ot_made_of_them(history, oda):
    judge(history[11:13], oda, verdict="suspicious")  # the first of them was judged routine, too
    (line,) = analyse().types
    assert (line.alerts_harmless, line.alerts_suspicious) == (11, 2)
    Verdict.objects.filter(kind="suspicious").update(withdrawn_at=NOON)
    (line,) = analyse().types
    assert (line.alerts_harmless, line.alerts_suspicious) == (12, 0)


def bars_of(page):
    """Name, parts with their widths, and numbers of each bar of the chart."""
    items = re.findall(r'<span class="type-name">(.*?)</li>', page, re.DOTALL)
    return [
        (
            item.split("</span>")[0],
            dict(re.findall(r'class="bar-([\w-]+)" x="[^"]*" width="([^"]*)"', item)),
            re.findall(r"<span>([^<]*)</span>", item),
        )
        for item in items
    ]


def test_types_are_bars_that_show_what_was_harmless_and_what_nobody_judged(
    history, workspace, site, oda, mia, client, monkeypatch
):
    judge(history[12:13], oda, verdict="suspicious")
    monkeypatch.setattr("alerts.dashboards.web.views.history.MAX_BARS", 1)
    for title in ("Port Scan", "New Asset Detected"):
        make_alert(make_incident(workspace), site=site, alert_type=title, at=NOON - DAY)
    report = request_history_report(days=90, by=mia, now=NOON, unshifted=NOON)
    make_due_reports()
    client.force_login(mia)
    page = client.get(f"/history/{report.uuid}/").text
    n = len(history)
    first, others = bars_of(page)
    assert first[2] == ["12 harmless", "1 suspicious", f"{n - 13} not judged"]
    assert [round(float(first[1][key]) * n / 100) for key in first[1]] == [12, 1, n - 13]
    assert (others[0], others[2]) == ("2 other types", ["2 not judged"])
    assert others[1] == {}, "their bar would dwarf each"
    lines = HistoryReport.objects.get().result["types"]
    for line in lines:
        del line["alerts_harmless"]
    HistoryReport.objects.update(
        result={"types": lines, "alerts": 1, "incidents": 1, "verdicts": 1}
    )
    assert bars_of(client.get(f"/history/{report.uuid}/").text) == [], "of before they were counted"


def test_one_verdict_over_many_alerts_is_one(history, workspace, site, oda):
    before = analyse().verdicts
    many = routine(workspace, site, days=5)
    judge(many, oda)
    assert analyse().verdicts == before + 1


def test_harmless_patterns_that_come_again_are_listed_and_others_are_not(history, leo):
    Incident.objects.filter(pk__in=[i.pk for i in history]).update(
        pattern="00000000-0000-0000-0000-000000000007"
    )
    (line,) = analyse().patterns
    assert (line.incidents, line.routine) == (len(history), 12)
    assert line.days == len({incident.created_at.date() for incident in history})
    Incident.objects.filter(pk=history[0].pk).update(
        status=IncidentStatus.CLOSED, classification="TruePositive"
    )
    assert analyse().patterns == [], "one true positive is no harmless pattern"


def test_what_only_the_soc_closed_as_benign_or_names_nobody_is_no_harmless_pattern(
    history, workspace, oda
):
    closed = {"status": IncidentStatus.CLOSED, "classification": "BenignPositive"}
    ids = [incident.pk for incident in history]
    rows = Incident.objects.filter(pk__in=ids)
    rows.update(pattern="00000000-0000-0000-0000-000000000007", **closed)
    assert len(analyse().patterns) == 1
    rows.update(source="", destination="")
    assert analyse().patterns == []
    rows.update(source="ENG-WS-04")
    Verdict.objects.update(withdrawn_at=NOON)
    assert analyse().patterns == []


def test_verdicts_of_a_pattern_are_those_of_the_period_but_suspicion_has_no_end(
    history, workspace, oda
):
    pattern = "00000000-0000-0000-0000-000000000007"
    older = [
        make_incident(workspace, created_at=SINCE - timedelta(days=days)) for days in range(1, 4)
    ]
    for incident in older[:2]:
        judge([incident], oda)
    ids = [incident.pk for incident in [*history, *older]]
    Incident.objects.filter(pk__in=ids).update(pattern=pattern)
    (line,) = analyse().patterns
    assert (line.incidents, line.routine) == (len(history), 12)
    judge([older[2]], oda, verdict="suspicious")
    assert analyse().patterns == []


def test_every_alert_is_a_row_with_its_verdict(history, monkeypatch):
    monkeypatch.setattr("alerts.dashboards.queries.history_analysis.PIECE", 7)
    rows = list(alert_rows(None, since=SINCE, until=NOON))
    assert len(rows) == analyse().alerts
    assert len({row[-1] for row in rows}) == len(rows), "each alert once"
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert sum(row[-2] in ("routine", "maintenance") for row in rows) >= 12
    assert len(list(alert_rows(None, since=SINCE, until=NOON, most=9))) == 9


def test_who_sees_one_workspace_has_its_numbers_only(history, make_person):
    porto = make_workspace("porto")
    foreign = make_site("Porto")
    for incident in routine(porto, foreign, days=6):
        incident.refresh_from_db()
    everywhere = analyse().alerts
    mia = make_person(cast.MIA, (Role.MANAGER, GrantScope.WORKSPACE, porto.uuid))
    own = analyse(mia)
    assert own.alerts == Alert.objects.filter(workspace=porto).count()
    assert 0 < own.alerts < everywhere
    assert own.verdicts == 0


def read_csv(answer):
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_a_report_is_made_by_a_worker_and_read_as_page_and_tables(history, client, mia):
    client.force_login(mia)
    assert "You have asked for none yet." in client.get("/history/").content.decode()
    address = client.post("/history/", {"days": "90"})["Location"]
    page = client.get(address).content.decode()
    assert "It is being made." in page and 'id="report" data-live' in page
    assert client.get(f"{address}types.csv").status_code == 404
    make_due_reports()
    found = analyse(mia)
    page = client.get(address).content.decode()
    assert f"{found.alerts} alerts in {found.incidents} incidents, 12 verdicts" in page
    assert 'id="report" data-live' not in page
    types = read_csv(client.get(f"{address}types.csv"))
    assert sum(int(row["alerts"]) for row in types) == found.alerts
    alerts = client.get(f"{address}alerts.csv")
    assert alerts["Content-Disposition"].startswith("attachment")
    assert len(read_csv(alerts)) == found.alerts
    assert read_csv(client.get(f"{address}patterns.csv")) is not None
    assert client.get(f"{address}people.csv").status_code == 404


def test_a_proposal_leads_to_the_form_of_a_rule_that_sets_the_severity(
    workspace, site, oda, client, leo, mia
):
    incidents = routine(workspace, site, title="Modbus Exception")
    for incident in incidents[:12]:
        judge([incident], oda)
    pages = {}
    for person in (leo, mia):
        client.force_login(person)
        address = client.post("/history/", {"days": "90"})["Location"]
        make_due_reports()
        pages[person] = client.get(address).content.decode()
        assert "Judged harmless many times" in pages[person]
    link = re.search(r'href="(/automation/rules/new/(\d+)/[^"]*)"', pages[leo])
    assert f"Set it in {workspace.name}" in pages[leo]
    assert int(link[2]) in {incident.pk for incident in incidents}
    assert "Set it in" not in pages[mia], "only the SOC lead of a workspace makes rules"
    client.force_login(leo)
    form = client.get(html.unescape(link[1])).content.decode()
    assert "Modbus Exception" in form
    assert '<option value="severity" selected>' in form and '<option value="Low" selected>' in form


def test_who_took_which_table_of_which_period_away_is_on_record(history, client, mia, monkeypatch):
    monkeypatch.setattr("alerts.dashboards.web.views.history.MAX_EXPORTED", 9)
    client.force_login(mia)
    address = client.post("/history/", {"days": "90"})["Location"]
    assert client.get(f"{address}types.csv").status_code == 404
    make_due_reports()
    rows = {table: len(read_csv(client.get(f"{address}{table}.csv"))) for table in TABLES}
    assert rows["alerts"] == 9, "no file is larger than its bound"
    entries = Entry.objects.filter(action="dashboards.history.exported").order_by("seq")
    assert [(entry.actor, entry.details["table"], entry.details["rows"]) for entry in entries] == [
        (mia, table, rows[table]) for table in TABLES
    ]
    period = {"since": SINCE.isoformat(), "until": NOON.isoformat()}
    assert all(period.items() <= entry.details.items() for entry in entries)


@pytest.mark.abuse("A34")
def test_no_cell_of_an_export_of_history_is_a_formula(history, client, mia, attempts):
    Alert.objects.update(source_device="=cmd|' /C calc'!A0", destination_device="+1")
    client.force_login(mia)
    address = client.post("/history/", {"days": "90"})["Location"]
    for row in read_csv(client.get(f"{address}alerts.csv"))[:1]:
        cells = row["source"], row["destination"]
        attempts.note(cells, blocked=cells == ("'=cmd|' /C calc'!A0", "'+1"))


def test_only_who_asked_reads_it_and_only_while_they_see_as_much(
    history, client, mia, leo, workspace
):
    client.force_login(mia)
    address = client.post("/history/", {"days": "30"})["Location"]
    client.force_login(leo)
    assert client.get(address).status_code == 404
    client.force_login(mia)
    mia.grants.update(scope=GrantScope.WORKSPACE, scope_uuid=workspace.uuid)
    assert client.get(address).status_code == 404
    assert client.get(f"{address}alerts.csv").status_code == 404
    assert "none yet" in client.get("/history/").content.decode()


@pytest.mark.parametrize("days", ["", "7", "90; drop", "-90", "9" * 30, "٩٠"])
def test_other_periods_are_refused(client, mia, days):
    client.force_login(mia)
    assert client.post("/history/", {"days": days}).status_code == 422
    assert not HistoryReport.objects.exists()


def test_one_person_keeps_no_worker_to_themselves(client, mia):
    client.force_login(mia)
    for _ in range(3):
        assert client.post("/history/", {"days": "30"}).status_code == 302
    assert client.post("/history/", {"days": "30"}).status_code == 422
    HistoryReport.objects.update(state=JobState.DONE)
    for _ in range(25):
        client.post("/history/", {"days": "30"})
        HistoryReport.objects.update(state=JobState.DONE)
    assert HistoryReport.objects.filter(by=mia).count() == 20


@pytest.mark.parametrize("role", [r for r in Role if r not in (Role.MANAGER, Role.SOC_LEAD)])
def test_nobody_else_asks(client, make_person, role):
    client.force_login(make_person(cast.SAM, (role, "all", None)))
    assert client.get("/history/").status_code == 403
    assert client.post("/history/", {"days": "90"}).status_code == 403


def test_a_report_that_cannot_be_made_says_so(client, mia, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ValueError("no such thing")

    monkeypatch.setattr("alerts.dashboards.services.history_reports.analyse_history", fail)
    client.force_login(mia)
    address = client.post("/history/", {"days": "90"})["Location"]
    for _ in range(4):
        HistoryReport.objects.update(due_at=NOON)
        make_due_reports()
    assert HistoryReport.objects.get().state == JobState.DEAD
    page = client.get(address).content.decode()
    assert "It could not be made." in page and "no such thing" in page
    assert "Ask for it again." in page


def test_a_report_says_where_its_page_ends_before_its_lists(history, client, mia):
    client.force_login(mia)
    address = client.post("/history/", {"days": "90"})["Location"]
    make_due_reports()
    row = HistoryReport.objects.get()
    (line,) = row.result["types"][:1]
    row.result |= {"types": [line] * 101, "patterns": row.result["patterns"][:1]}
    row.save()
    page = client.get(address).content.decode()
    assert page.count("The first 100 of 101.") == 1, "of the types; the pattern is shown"


def test_the_command_says_the_same_and_writes_every_alert(history, tmp_path):
    output, file = io.StringIO(), tmp_path / "alerts.csv"
    words = ["--days", "90", "--alerts", str(file), "--types", str(tmp_path / "types.csv")]
    call_command("history_analysis", *words, "--json", stdout=output)
    told = json.loads(output.getvalue())
    assert told["alerts"] == analyse().alerts
    assert len(list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))) == told["alerts"]
    assert (tmp_path / "types.csv").exists()
    with pytest.raises(CommandError, match="--days is a number"):
        call_command("history_analysis", "--days", "0")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("history_analysis", "--alerts", str(tmp_path / "no" / "where.csv"))
