"""A workspace of which a third is mail, endpoints and sign-ins: none of that comes in, whichever
way Tagout reads; what mixes the office with the plant does.

Before there was a scope: 25 of 25 stored, queued (in 17 rows, up to five sign-ins in one) and
ranked 15 points higher; their people and mails stood in six tables; the details of 38 incidents of
the plant were there after 63.
"""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models import Sum

from alerts.incidents.models import DetailsState, Group, Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.intake.models import LogBackfill, OutsideCount, Quarantined
from alerts.intake.services.details import fetch_details
from alerts.intake.services.pace import Budget, Pace
from alerts.sentinel.client import client_for
from alerts.sentinel.models import DefenderIncident
from portal import clock
from portal.exports.models import Export, ExportPart
from portal.exports.services import make_due_exports, request_export
from tests.conftest import NOON
from tests.factories.azure import begin_reading, make_workspace_at
from tests.reuse import reuse_rows
from tests.whole_database import tables_with

INCIDENTS = 120


@pytest.fixture(scope="module")
def office(azure):
    """A third of the workspace, and five incidents of the plant that an endpoint joins."""
    place = azure.workspaces[0]
    there = sum(azure.control.state()["incidents"][place.key].values())
    return azure.control.office(place.key, count=there // 2, days=60, mixed=5)


@reuse_rows
def workspace(azure, office):
    return make_workspace_at(azure, logs_endpoint=azure.endpoint)


@reuse_rows
def first_sync(azure, workspace):
    """What a whole sync found; what it stored is there."""
    with pytest.MonkeyPatch.context() as patch:
        begin_reading(patch, azure)
        return run("sync", "far", "--full")


@pytest.fixture(autouse=True)
def reading(azure, monkeypatch):
    begin_reading(monkeypatch, azure)
    yield
    azure.control.clear_faults()


def run(command, *words):
    output = io.StringIO()
    call_command(command, *words, "--json", stdout=output)
    return json.loads(output.getvalue())


def names_of(summaries):
    return {summary["name"] for summary in summaries}


def is_second_product(incident):
    return any(part[0] == "second-product" for part in incident.priority_parts)


def test_nothing_of_the_office_is_stored_by_any_list(first_sync, office):
    assert first_sync["out_of_scope"] == len(office["incidents"]) == first_sync["seen"] / 2
    for words in (["--full"], [], ["--since", "2026-01-01T00:00Z"]):
        again = run("sync", "far", *words)
        assert (again["new"], again["changed"], again["quarantined"]) == (0, 0, 0)
    assert not Incident.objects.filter(name__in=names_of(office["incidents"])).exists()
    assert not tables_with(office["planted"])
    assert not tables_with(names_of(office["incidents"]))
    assert not Quarantined.objects.exists()


def test_what_stayed_outside_is_counted_once_by_product_and_reason(first_sync, office):
    for words in (["--full"], [], ["--since", "2026-11-01T00:00Z"]):
        run("sync", "far", *words)
    counted = OutsideCount.objects.values_list("reason", "products").annotate(n=Sum("n"))
    assert sum(n for *_, n in counted) == len(office["incidents"])
    assert {reason for reason, *_ in counted} == {"product"}
    assert {products for _, products, _ in counted} == {
        "Microsoft Defender for Cloud Apps",
        "Microsoft Defender for Endpoint",
        "Microsoft Defender for Identity",
        "Microsoft Defender for Office 365",
        "Microsoft Entra ID Protection",
    }
    assert OutsideCount.objects.values("month").distinct().count() > 1


def test_incidents_that_mix_the_office_with_the_plant_are_in_and_rank_higher(first_sync, office):
    mixed = Incident.objects.filter(name__in=names_of(office["mixed"]))
    assert len(mixed) == 5
    assert all(map(is_second_product, mixed))
    assert sum(map(is_second_product, Incident.objects.all())) == 5


def test_nothing_of_the_office_is_read_from_the_logs(workspace, office):
    run("backfill", "far")
    assert Incident.objects.count() == 50
    assert LogBackfill.objects.get().out_of_scope == len(office["incidents"])
    assert not tables_with(office["planted"])
    assert not tables_with(names_of(office["incidents"]))


def test_nothing_of_the_office_is_queued_found_or_exported(first_sync, office, leo, client):
    client.force_login(leo)
    assert incidents_visible_to(leo).count() == 50
    assert sum(Group.objects.values_list("n", flat=True)) <= 50
    for word in ("Payslip", "verhoeven", "PowerShell", "Anonymous IP"):
        for view in ("open", "closed"):
            page = client.get("/incidents/", {"view": view, "q": word}).content.decode()
            assert not any(planted in page for planted in office["planted"])
            assert "PowerShell command line" not in page
    answer = client.get("/api/v1/incidents/", {"page_size": 1000}).content.decode()
    assert not any(planted in answer for planted in office["planted"])
    request_export(
        list_name="incidents",
        file_format="csv",
        filters={},
        columns=[],
        by=leo,
        now=NOON,
        unshifted=clock.unshifted(),
    )
    make_due_exports()
    assert Export.objects.get().state == "done"
    content = b"".join(bytes(part) for part in ExportPart.objects.values_list("data", flat=True))
    assert content
    assert not any(planted.encode() in content for planted in office["planted"])


def fetched_in_order(workspace):
    """Fetch all details one incident at a time; return the names in their order."""
    order, client = [], client_for(workspace)
    list_alerts = client.list_alerts

    def note(name):
        order.append(name)
        return list_alerts(name)

    client.list_alerts = note
    fetch_details(
        workspace=workspace, client=client, pace=Pace(), budget=Budget(), clock=lambda: NOON
    )
    assert not Incident.objects.filter(details_due_at__lte=NOON).exists()
    return order


def test_details_of_the_plant_come_as_soon_as_without_the_office(workspace, office):
    run("sync", "far")
    order = fetched_in_order(workspace)
    of_plant = Incident.objects.filter(details_state=DetailsState.FETCHED).count()
    assert len(order) / of_plant == 1.0  # 63 of 38 without a scope


def test_where_everything_is_in_scope_details_of_the_plant_come_first(workspace, office):
    warned = run("workspace", "scope", "far", "all")
    assert "subjects of mails" in warned["warning"]
    run("sync", "far")
    assert Incident.objects.count() == 75
    workspace.refresh_from_db()
    order = fetched_in_order(workspace)
    of_office = names_of(office["incidents"])
    last_of_plant = max(place for place, name in enumerate(order) if name not in of_office)
    assert (last_of_plant + 1) / sum(name not in of_office for name in order) == 1.0
    rows = Group.objects.filter(lead__name__in=of_office)
    assert set(rows.values_list("n", flat=True)) == {1}
    ranked = Incident.objects.filter(name__in=of_office)
    assert not any(map(is_second_product, ranked))


def test_narrowing_the_scope_removes_what_is_stored(workspace, office, azure):
    run("workspace", "scope", "far", "all")
    run("sync", "far", "--full")
    assert tables_with(office["planted"])
    narrowed = run("workspace", "scope", "far", "d4iot")
    assert (narrowed["removed"], narrowed["emptied"]) == (25, 0)
    assert Incident.objects.count() == 50
    assert (
        sum(Group.objects.values_list("n", flat=True))
        == Incident.objects.exclude(group_key=None).count()
    )
    assert not tables_with(office["planted"])
    run("sync", "far", "--full")
    assert Incident.objects.count() == 50


def test_a_workspace_read_through_graph_stores_nothing_of_the_office(workspace, office, azure):
    azure.control.onboard(azure.workspaces[0].key, incidents="all")
    run("workspace", "source", "far", "--source", "graph", "--graph-endpoint", azure.endpoint)
    run("sync", "far", "--full")
    run("sync", "far")
    assert Incident.objects.count() == 50
    assert not tables_with(office["planted"])
    assert not tables_with(names_of(office["incidents"]))
    assert not DefenderIncident.objects.filter(name="").exists()
    made = azure.control.office(azure.workspaces[0].key, count=3)
    azure.control.advance(timedelta(minutes=1).total_seconds())
    run("sync", "far")
    assert not tables_with(made["planted"])
    assert DefenderIncident.objects.filter(name="").count() == 0
