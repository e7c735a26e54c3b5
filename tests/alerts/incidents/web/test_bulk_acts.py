"""More than fifty incidents: the page answers at once and leads to how it goes."""

import html
import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from alerts.incidents.acts.apply import undo_act
from alerts.incidents.models import (
    BulkAct,
    Incident,
    Severity,
)
from alerts.incidents.web.targets import targets_of
from alerts.outbox.models import Change, ChangeOutcome
from portal.audit.models import Entry
from portal.jobs.models import JobState
from tests.alerts.incidents.web.many import BENIGN, closed, send, text_of, work
from tests.conftest import NOON


def test_fifty_are_done_at_once(signed_in, sam, make_row):
    answer = send(signed_in(sam), make_row(50))
    assert "toast" in json.loads(answer["HX-Trigger"])
    assert closed() == 50 and not BulkAct.objects.exists()


def test_more_than_fifty_lead_to_a_page_and_are_done_in_pieces(signed_in, sam, make_row, htmx):
    client, row = signed_in(sam), make_row(120)
    assert "run in the background" in text_of(client.get(f"/incidents/act/close/?group={row.key}"))
    answer = send(client, row)
    act = BulkAct.objects.get()
    page = f"/incidents/bulk/{act.act}/"
    assert answer["HX-Redirect"].startswith(page) and closed() == 0
    assert "0 of 120" in text_of(client.get(page))
    assert work(1) == 1 and closed() == 50
    part = client.get(page, headers=htmx)
    assert "50 of 120" in text_of(part) and "data-live" in part.content.decode()
    assert work() == 2 and closed() == 120
    ended = client.get(page, headers=htmx)
    assert "Done: 120" in text_of(ended) and "Nothing was skipped." in text_of(ended)
    assert "data-live" in ended.content.decode(), "until it cannot be undone any more"
    Change.objects.update(fence=1)
    assert "data-live" not in client.get(page, headers=htmx).content.decode()
    assert Change.objects.filter(act=act.act).count() == 120
    pieces = Entry.objects.filter(action="incidents.incident.closed")
    assert [len(piece.details["incidents"]) for piece in pieces.order_by("pk")] == [50, 50, 20]
    assert Entry.objects.get(action="incidents.bulk_act.started").actor == sam


def test_without_scripts_the_form_leads_there_and_back(small_pieces, signed_in, sam, make_row):
    client, goal = signed_in(sam), "/incidents/?view=open"
    answer = send(client, make_row(6), part=False, next=goal, **BENIGN)
    assert answer.status_code == 302
    body = client.get(answer["Location"]).content.decode()
    assert f'href="{goal}"' in body


def test_a_long_list_of_skipped_ones_has_pages(small_pieces, signed_in, sam, make_row, monkeypatch):
    monkeypatch.setattr("alerts.incidents.web.views.bulk.PAGE", 4)
    client = signed_in(sam)
    send(client, make_row(6, severity=Severity.HIGH), "severity", severity="4")
    work()
    page = f"/incidents/bulk/{BulkAct.objects.get().act}/"
    first = client.get(page).content.decode()
    following = re.search(r'rel="next"[^>]*href="([^"]+)"|href="([^"]+)"[^>]*rel="next"', first)
    rest = client.get(page + (following[1] or following[2])).content.decode()
    assert (first.count("is already"), rest.count("is already")) == (4, 2)
    assert client.get(f"{page}?after=%C2%B2").status_code == 200


def test_who_has_no_right_at_all_is_refused_at_once(small_pieces, signed_in, oda, make_row):
    answer = send(signed_in(oda), make_row(6))
    assert answer.status_code == 422
    assert "only the SOC changes and closes" in answer.content.decode()
    assert not BulkAct.objects.exists()


def test_nobody_else_sees_it_or_steers_it(small_pieces, signed_in, sam, leo, make_row):
    send(signed_in(sam), make_row(6))
    page = f"/incidents/bulk/{BulkAct.objects.get().act}/"
    client = signed_in(leo)
    assert client.get(page).status_code == 404
    for command in ("stop", "undo", "resume"):
        assert client.post(f"{page}{command}/").status_code == 404
    assert signed_in(sam).post(f"{page}burn/").status_code == 404
    assert signed_in(sam).get("/incidents/bulk/x/").status_code == 404


def test_a_form_sent_twice_is_one_act_and_nobody_elses(small_pieces, signed_in, sam, leo, make_row):
    row, act = make_row(6), str(uuid4())
    for _ in range(2):
        send(signed_in(sam), row, act=act, **BENIGN)
    assert BulkAct.objects.count() == 1
    assert send(signed_in(leo), row, act=act, **BENIGN).status_code == 422


def test_all_of_it_can_be_undone_while_all_of_it_is_held(small_pieces, signed_in, sam, make_row):
    client = signed_in(sam)
    send(client, make_row(12))
    page = f"/incidents/bulk/{BulkAct.objects.get().act}/"
    assert "Undo all" not in text_of(client.get(page))
    work(1)
    assert "Undo all" in text_of(client.get(page))
    client.post(f"{page}undo/")
    assert closed() == 0 and work() == 0
    text = text_of(client.get(page))
    assert "5 incidents are back as they were." in text and "Undo all" not in text
    assert set(Change.objects.values_list("outcome", flat=True)) == {ChangeOutcome.WITHDRAWN}
    assert client.post(f"{page}undo/").status_code == 422


def test_an_act_too_large_to_undo_can_only_be_stopped(
    small_pieces, signed_in, sam, make_row, monkeypatch
):
    for module in ("acts.bulk", "web.views.bulk"):
        monkeypatch.setattr(f"alerts.incidents.{module}.MAX_UNDONE", 5)
    client = signed_in(sam)
    send(client, make_row(12))
    page = f"/incidents/bulk/{BulkAct.objects.get().act}/"
    work(1)
    text = text_of(client.get(page))
    assert "Undo all" in text and "At most 5 can be undone at once." in text
    work(1)
    text = text_of(client.get(page))
    assert "Undo all" not in text and "Stop here" in text
    refused = client.post(f"{page}undo/")
    assert refused.status_code == 422 and "More than 5 incidents are done" in text_of(refused)
    assert closed() == 10


def test_once_a_part_has_gone_out_it_can_only_be_stopped(small_pieces, signed_in, sam, make_row):
    client = signed_in(sam)
    send(client, make_row(12))
    act = BulkAct.objects.get()
    page = f"/incidents/bulk/{act.act}/"
    work(1)
    first = Change.objects.order_by("pk").first()
    Change.objects.filter(pk=first.pk).update(fence=1)
    text = text_of(client.get(page))
    assert "Undo all" not in text and "Stop here" in text
    refused = client.post(f"{page}undo/")
    assert refused.status_code == 422 and "is already in Sentinel" in text_of(refused)
    client.post(f"{page}stop/")
    assert work() == 0 and closed() == 5
    assert "You stopped it; 7 incidents were left alone." in text_of(client.get(page))
    assert "It has already finished." in text_of(client.post(f"{page}stop/"))
    assert undo_act(act=act.act, by=sam, now=NOON).too_late == 1


@pytest.mark.parametrize(
    ("verb", "values", "title"),
    [
        ("assign", {"to": "me"}, "Assign to Sam Keller: Case ×6"),
        ("assign", {"to": "nobody"}, "Unassign: Case ×6"),
        ("severity", {"severity": "4"}, "Change severity to High: Case ×6"),
        ("close", BENIGN, "Close as “Benign positive: suspicious but expected”: Case ×6"),
        ("comment", {"message": "Seen by the crew."}, "Comment: Case ×6"),
    ],
)
def test_the_title_says_to_whom_and_as_what(
    small_pieces, signed_in, sam, make_row, verb, values, title
):
    client = signed_in(sam)
    send(client, make_row(6, title="Case", owner_id=sam.email), verb, **values)
    page = text_of(client.get(f"/incidents/bulk/{BulkAct.objects.get().act}/"))
    assert title in html.unescape(page)
    assert values.get("message", values.get("comment", "")) in page


def test_ones_own_acts_stand_in_a_list(small_pieces, signed_in, sam, leo, make_row, monkeypatch):
    monkeypatch.setattr("alerts.incidents.web.views.bulk.PAGE", 2)
    client, page = signed_in(sam), "/incidents/bulk/"
    assert "No bulk actions yet" in text_of(client.get(page))
    for severity in (1, 3, 4):
        send(client, make_row(6), "severity", severity=str(severity))
    first = client.get(page)
    assert 'data-live="2"' in first.content.decode() and text_of(first).count("Under way") == 2
    assert "Change severity to Informational" not in text_of(first)
    older = re.search(r"\?after=\d+", first.content.decode())[0]
    assert "Change severity to Informational" in text_of(client.get(page + older))
    work()
    assert "done for 6 of 6" in text_of(client.get(page))
    assert 'data-live="2"' not in client.get(page).content.decode()
    BulkAct.objects.update(state=JobState.DEAD)
    assert "Failed" in text_of(client.get(page))
    assert "No bulk actions yet" in text_of(signed_in(leo).get(page))


def test_nothing_began_for_a_minute_is_said(small_pieces, signed_in, sam, make_row):
    send(signed_in(sam), make_row(6))
    BulkAct.objects.update(made_at=NOON - timedelta(minutes=2))
    page = f"/incidents/bulk/{BulkAct.objects.get().act}/"
    assert "This has not started yet." in text_of(signed_in(sam).get(page))


def test_all_that_match_can_be_chosen_and_what_comes_later_is_not_meant(
    small_pieces, signed_in, sam, make_row
):
    client = signed_in(sam)
    for _ in range(3):
        make_row(2)
    make_row(1, severity=Severity.LOW)
    offer = client.get("/incidents/matching/?view=needs&q=sev:medium").content.decode()
    assert "Select all 6 matching" in offer and "6 incidents selected" in offer
    target = re.search(r'data-select-matching="([^"]+)"', offer)[1].replace("&amp;", "&")
    make_row(1, stored_at=NOON + timedelta(seconds=1))
    dialog = client.get(f"/incidents/act/severity/?{target}").content.decode()
    assert "This acts on all 6 incidents." in text_of(client.get(f"/incidents/act/close/?{target}"))
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', dialog))
    client.post("/incidents/act/severity/", {**fields, "severity": "4"})
    work()
    assert Incident.objects.filter(severity=Severity.HIGH).count() == 6


def test_of_more_than_one_act_takes_the_newest_are_offered_by_their_number(
    small_pieces, signed_in, sam, make_row, monkeypatch
):
    for module in ("views.queue.MAX_INCIDENTS", "views.acts.MAX_INCIDENTS"):
        monkeypatch.setattr(f"alerts.incidents.web.{module}", 12)
    monkeypatch.setattr("alerts.incidents.web.palette.MAX_LOOKED_AT", 10)
    client, page = signed_in(sam), "/incidents/act/severity/"
    for n in (8, 6):
        make_row(n)
    offer = client.get("/incidents/matching/?view=open").content.decode()
    assert "Select the newest 12 matching" in offer and "12 incidents selected" in offer
    target = html.unescape(re.search(r'data-select-matching="([^"]+)"', offer)[1])
    dialog = client.get(f"{page}?{target}")
    assert "This acts on all 12 incidents." in text_of(dialog)
    assert "More than 12 match. This covers the newest 12" in text_of(dialog)
    fields = dict(
        re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', dialog.content.decode())
    )
    client.post(page, {**fields, "severity": "4"})
    act = BulkAct.objects.get()
    assert (act.total, work()) == (12, 3)
    newest = Incident.objects.order_by("-created_at", "-pk")[:12]
    assert {row.severity for row in newest} == {Severity.HIGH}
    assert Incident.objects.filter(severity=Severity.HIGH).count() == 12
    search = client.get("/search/", {"q": "close", "on": target}).content.decode()
    assert "Selected: more than 10 incidents" in search


def test_of_many_the_form_counts_each_one_and_keeps_one_of_a_kind(
    small_pieces, signed_in, sam, make_row, monkeypatch
):
    monkeypatch.setattr("alerts.incidents.web.targets.BATCH", 4)
    client, row = signed_in(sam), make_row(11)
    ids = list(Incident.objects.order_by("pk").values_list("pk", flat=True))
    Incident.objects.filter(pk__in=ids[:3]).update(owner_id="leo", owner_name="Leo")
    Incident.objects.filter(pk__in=ids[2:6]).update(ot_state="waiting")
    Incident.objects.filter(pk__in=ids[6:8]).update(ot_state="suspicious")
    targets = targets_of(QueryDict(f"group={row.key}"), sam, now=NOON, limit=100)
    assert [targets.n, len(targets.incidents)] == [11, 5]
    form = text_of(client.get(f"/incidents/act/close/?group={row.key}"))
    assert "Owned by others: Leo ×3" in form
    assert "OT calls 2 of these incidents suspicious." in form
    assert "OT was asked about 4 of them" in form
    assert "This acts on all 11 incidents." in form
    send(client, row, "escalate", note="Look.")
    assert Incident.objects.filter(severity=Severity.HIGH).count() == 2, "the suspicious ones"


def test_the_form_of_a_large_act_states_how_long_sentinel_takes(
    signed_in, sam, make_row, monkeypatch
):
    row = make_row(60)
    page = f"/incidents/act/close/?group={row.key}"
    assert "Azure takes" not in text_of(signed_in(sam).get(page))
    monkeypatch.setattr("alerts.incidents.web.targets.WRITES_A_SECOND", 0.1)
    assert "has the last of them in 10 minutes at the earliest" in text_of(signed_in(sam).get(page))


def test_no_page_of_an_act_reads_its_list_of_incidents(small_pieces, signed_in, sam, make_row):
    client = signed_in(sam)
    send(client, make_row(12))
    with CaptureQueriesContext(connection) as asked:
        client.get("/incidents/bulk/")
        client.get(f"/incidents/bulk/{BulkAct.objects.get().act}/")
        work(1)
    read = [query["sql"] for query in asked if '"incident_ids"' in query["sql"]]
    assert len(read) == 1 and '"incident_ids")[1:5]' in read[0], "a piece of it, where it is due"


@pytest.mark.parametrize(
    "query",
    [
        "all=1&view=needs",
        "all=1&view=closed&until=2026-11-24T12:00Z",
        "all=1&view=nonsense&until=2026-11-24T12:00Z",  # not the first view instead
    ],
)
def test_all_of_what_was_never_listed_is_not_there(small_pieces, signed_in, sam, make_row, query):
    make_row(1)
    assert signed_in(sam).get(f"/incidents/act/close/?{query}").status_code == 404
