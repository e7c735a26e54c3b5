"""Historic analysis, closing at the source, push hints and the tabs about Sentinel, at a desk and
on a phone, light and dark.
"""

import pytest

from alerts.dashboards.services.history_reports import make_due_reports, request_history_report
from alerts.incidents.acts.incident_tasks import add_task
from alerts.incidents.acts.triage import change_severity, comment_on_incidents
from alerts.incidents.models import IncidentTask, Severity, TaskReading
from alerts.incidents.models import TimelineItem as Line
from alerts.intake.models import PushState
from alerts.intake.push.access import make_push_key, set_push_caller
from alerts.outbox.models import Change
from portal.exports.services import make_due_exports
from tests.alerts.suppression.past import judge, routine
from tests.bars import bar_faults_of_each
from tests.browser import change_person
from tests.conftest import NOON
from tests.factories.exports import make_export
from tests.factories.incidents import make_incident

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("transactional_db", "fixed_clocks"),
]


@pytest.fixture
def history(transactional_db, fixed_clocks, workspace, site, oda, leo):
    """A month of programming that OT has judged, in one workspace."""

    for incident in routine(workspace, site)[:12]:
        judge([incident], oda)
    return workspace


def test_reports_push_hints_and_tabs_about_sentinel_fit_desk_and_phone(browse, history, leo, ada):
    report = request_history_report(days=90, by=leo, now=NOON, unshifted=NOON)
    make_due_reports()
    page = browse("/history/", as_=leo)
    address = f"/history/{report.uuid}/"
    make_export(leo)
    make_due_exports()
    made = "/exports/"  # with a file, and the forms
    assert bar_faults_of_each(page, "/history/", address, "/status-sync/", made) == []
    page.goto(address)
    assert "Severity changes that history supports" in page.inner_text("main")
    about = incident_written_from_both_sides(history, leo)
    assert bar_faults_of_each(page, f"{about}?tab=tasks", f"{about}?tab=writes") == []
    set_up_push_hints(history)
    change_person(page, ada)
    assert bar_faults_of_each(page, "/push-hints/", "/status-sync/") == []


def set_up_push_hints(history):
    make_push_key(workspace_id=history.pk, by="command line", now=NOON)
    set_push_caller(
        workspace_id=history.pk,
        caller_id="aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        audience="api://tagout",
        by="command line",
        now=NOON,
    )
    PushState.objects.create(
        workspace=history, hinted_at=NOON, hints=12, refused_at=NOON, refusal="wrong-signature"
    )


def incident_written_from_both_sides(history, leo):
    incident = make_incident(history, severity=Severity.MEDIUM)
    comment_on_incidents(incident_ids=[incident.pk], message="Asked OT.", by=leo, now=NOON)
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=leo, now=NOON)
    change = Change.objects.get(kind="update")
    Change.objects.filter(pk=change.pk).update(outcome="conflicted")
    won = [{"member": "severity", "was": "Medium", "now": "High", "wanted": "Low"}]
    Line.objects.create(
        incident=incident,
        at=NOON,
        side="sentinel",
        code="conflict",
        act=change.act,
        details={"won": won, "kind": "update"},
    )
    TaskReading.objects.create(incident=incident, asked_at=NOON, read_at=NOON)
    IncidentTask.objects.create(
        incident=incident,
        name="t1",
        title="Call the shift lead of the water plant before anything else is done",
        description="Extension 4711",
        status="Completed",
        author="Leo Hartmann",
        created_at=NOON,
    )
    add_task(incident_id=incident.pk, title="Fetch a capture", by=leo, now=NOON)
    return f"/incidents/{incident.pk}/"
