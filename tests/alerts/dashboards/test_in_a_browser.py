"""Home and system status in a real browser: both themes, desk and phone."""

import uuid
from datetime import timedelta

import pytest

from alerts.intake.models import Cursor, Quarantined, Run
from alerts.outbox.models import Change, ChangeOutcome
from alerts.sentinel.models import Reachability
from alerts.suppression.models import RuleVersion
from portal.jobs.models import JobState
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note
from tests.bars import axe_findings, bar_faults_of_each, sideways
from tests.browser import WIDE, change_person
from tests.conftest import NOON
from tests.factories import rules

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("transactional_db", "fixed_clocks"),
]

PAGES = [
    ("oda", ["/"]),
    ("olaf", ["/"]),
    ("mia", ["/"]),
    ("ada", ["/"]),
    ("leo", ["/", "/status/"]),
]


@pytest.fixture
def busy(
    transactional_db,
    fixed_clocks,
    make,
    ask,
    answer,
    oda,
    leo,
    mia,
    ada,
    olaf,
    site,
    workspace,
    porto_workspace,
    porto,
):
    """A day at work: questions, answers, a sick workspace, things given up."""
    make(3, destination="PLC-1", source="ENG-WS-01", title="Unauthorized PLC Programming")
    make(9, destination="PLC-2", title="Address Scan Detected", priority=44)
    make(2, where=porto_workspace, at=porto, priority=12)
    make(2, owner_id=leo.email, owner_name=leo.name, priority=74, title="PLC Stop Command was Sent")
    answer(ask(make(2, destination="PLC-3")), note="New recipe loaded, WO-20917.")
    answer(
        ask(make(destination="PLC-4"), now=NOON - timedelta(hours=6)),
        verdict="routine",
        cause="other",
        now=NOON - timedelta(hours=5),
    )
    ask(make(14, destination="PLC-PL2-07"))
    ask(
        make(destination="HMI-BL-11", title="Firmware Change Detected"),
        question="Whose laptop is this?",
    )
    ask(make(destination="DRV-33"), now=NOON - timedelta(days=2))
    rules.noise(workspace, site)
    verdicts = rules.judge(rules.routine(workspace, site)[:10], by=olaf)
    for title, when in (("Planned recipe downloads", 8), ("Downloads on Tuesdays", 1)):
        draft = rules.draft(
            rules.downloads(title=title), by=oda, evidence=verdicts, now=NOON - timedelta(days=when)
        )
        version = rules.propose(draft, by=oda, now=NOON - timedelta(days=when))
    draft = rules.draft(rules.downloads(title="It ends"), by=oda, evidence=verdicts, now=NOON)
    rules.propose(draft, by=oda, now=NOON)
    RuleVersion.objects.exclude(title__in=(version.title, "Planned recipe downloads")).update(
        state="paused", expires_at=NOON + timedelta(days=2)
    )
    Cursor.objects.filter(workspace=porto_workspace).update(fresh_at=NOON - timedelta(minutes=40))
    Cursor.objects.filter(workspace=workspace).update(
        backfill_ends_at=NOON - timedelta(days=90), backfilled_until=NOON - timedelta(days=31)
    )
    Reachability.objects.create(
        workspace=porto_workspace,
        denied_since=NOON,
        failures=4,
        latest_error="The client does not have authorization to perform action.",
        latest_error_code="AuthorizationFailed",
    )
    Run.objects.create(
        workspace=workspace,
        kind="poll",
        started_at=NOON - timedelta(minutes=1),
        seen=40,
        new=7,
        changed=12,
        unchanged=21,
    )
    Change.objects.create(
        key=uuid.uuid4(),
        act=uuid.uuid4(),
        workspace=workspace,
        incident_name=str(uuid.uuid4()),
        kind="update",
        by_label="Sam Keller",
        made_at=NOON,
        due_at=NOON,
        state=JobState.DEAD,
        outcome=ChangeOutcome.REFUSED,
        note="InvalidRequest: severity is not allowed.",
        settled_at=NOON,
    )
    Quarantined.objects.create(
        workspace=workspace,
        fingerprint="f" * 64,
        reason="Its properties are no object.",
        name=str(uuid.uuid4()),
        raw='{"name": "x", "properties": [1, 2]} ' * 40,
        first_seen_at=NOON,
        latest_seen_at=NOON,
    )
    for name in ("intake", "outbox", "notify"):
        keep_note(kind=HEARTBEAT, key=name, now=NOON)


def open_tables_fit_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    for summary in page.locator(".chart-table > summary").all():
        summary.click()
    page.get_by_text("What these numbers mean").click()
    assert page.get_by_role("table", name="Closed by people, 12 weeks").is_visible()
    assert page.get_by_role("img", name="OT answer time, 12 weeks").is_visible()
    assert axe_findings(page) == []
    assert sideways(page) == 0


def test_busy_day_meets_bars_and_a_delivery_can_be_discarded(request, browse, busy):
    page = browse("/login/")
    for person, paths in PAGES:
        change_person(page, request.getfixturevalue(person))
        assert bar_faults_of_each(page, *paths) == [], person
        if person == "mia":
            open_tables_fit_a_phone(page)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.goto("/status/")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.get_by_role("heading", name="Hello, Leo").wait_for()
    page.goto("/status/")
    page.get_by_role("link", name="Discard…").click()
    page.get_by_role("button", name="Discard it").click()
    page.wait_for_url("**/status/#outbox")
    assert page.get_by_text("It will not be sent.").is_visible()
    assert not page.get_by_role("link", name="Discard…").count()


def test_an_empty_portal_reads_well(request, browse, transactional_db, fixed_clocks):
    page = browse("/login/", width=390)
    for person in ("oda", "leo", "mia", "ada"):
        change_person(page, request.getfixturevalue(person))
        page.goto("/")
        assert page.get_by_role("heading", level=1).is_visible()
        assert axe_findings(page) == []
        assert sideways(page) == 0


def test_a_page_without_a_link_scrolls_by_keys_on_a_phone(browse, leo, monkeypatch):
    monkeypatch.setattr("alerts.dashboards.web.views.status.readiness_url", lambda person: "")
    page = browse("/status/", as_=leo, width=390, height=500)
    main = page.locator("main")
    assert main.evaluate("e => e.scrollHeight > e.clientHeight")
    assert main.locator("a[href], button").count() == 0
    assert axe_findings(page, of=("rule", ["scrollable-region-focusable"])) == []
