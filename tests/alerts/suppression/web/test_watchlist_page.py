"""The page of a workspace's watchlist: proposed, signed by the other side, ended."""

import html
from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.outbox.models import WantedRule
from alerts.rules.watchlist import gate_row
from alerts.sentinel import kql
from alerts.suppression.deploying import watchlist_rows, watchlist_switch
from alerts.suppression.deploying.watchlist_gate import open_list_gate
from alerts.suppression.deploying.watchlist_rows import bring_watchlist_in_line
from alerts.suppression.deploying.watchlist_switch import hash_of_exclusion, is_watchlist_on
from alerts.suppression.models import LeftOutAlert, RuleVersion, WatchlistRequest
from tests import cast
from tests.alerts.suppression import samples
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site, new_alert


@pytest.fixture
def page(client, noon, workspace):
    """`page(person)` reads it, `page(person, verb, …)` presses a button, freshly signed in."""

    def at(person, verb="", *, fresh=True, **form):
        client.logout()
        client.force_login(person)
        if fresh:
            session = client.session
            session["proved_at"] = NOON.isoformat()
            session.save()
        if not verb:
            return client.get(reverse("suppression:watchlist", args=[workspace.uuid]))
        fields = {"seen_hash": hash_of_exclusion(workspace), **form}
        address = reverse("suppression:watchlist_act", args=[workspace.uuid, verb])
        return client.post(address, fields)

    return at


def text_of(answer):
    return " ".join(html.unescape(answer.content.decode()).split())


def test_both_sides_switch_it_on_and_one_ends_it(page, make_version, workspace, oda, leo):
    make_version("live")
    shown = text_of(page(oda))
    assert "Propose and sign" in shown and kql.exclusion().splitlines()[0] in shown
    assert "You sign for OT" in shown
    assert page(oda, "propose", side="ot").status_code == 302
    assert "You sign for OT" not in text_of(page(oda)), "once is enough"
    assert page(oda, "sign", side="soc").status_code == 422
    assert not is_watchlist_on(workspace)
    assert "You sign for the SOC" in text_of(page(leo))
    assert page(leo, "sign", side="soc", seen_hash="0" * 64).status_code == 422
    assert page(leo, "sign", side="soc", fresh=False).status_code == 422
    assert page(leo, "sign", side="soc").status_code == 302
    assert is_watchlist_on(workspace)
    assert "Its gate is shut" in text_of(page(oda)), "nothing has reached Azure yet"
    assert page(oda, "end", reason="A doubt.").status_code == 302
    assert WatchlistRequest.objects.get().end_reason == "A doubt."
    assert "Propose and sign" in text_of(page(leo))


def test_a_rule_is_in_the_list_or_says_why_not(page, make_version, rule, oda):
    version = make_version("live")
    shown = text_of(page(oda))
    assert f"R-{version.rule.number}" in shown and "2 pairs would be covered" in shown
    other = samples.but(rule, samples.clause("source_kind", "is", "PLC"))
    make_version("live", of=other)
    shown = text_of(page(oda))
    assert "Not in the list" in shown and "The exclusion cannot check the source kind." in shown


def test_the_page_shows_what_has_landed_what_waits_and_what_was_refused(
    page, make_version, workspace, oda, leo
):
    version = make_version("live")
    page(oda, "propose", side="ot")
    page(leo, "sign", side="soc")
    shown = text_of(page(oda))
    assert "2 pairs not there yet" in shown and "Sentinel holds" not in shown
    bring_watchlist_in_line(workspace=workspace, now=NOON)
    assert "2 pairs not there yet" in text_of(page(oda)), "they are owed"
    rows = WantedRule.objects.filter(kind="pair").order_by("pk")
    first, second = rows
    settle(first, landed=first.wanted)
    settle(second, outcome="refused", latest_error="A row of 11,000 bytes.")
    shown = text_of(page(oda))
    assert "1 pair in Sentinel" in shown and "not there yet" not in shown
    assert "1 pair refused or changed" in shown and "A row of 11,000 bytes." in shown
    assert "Sentinel holds 1 row with a pair." in shown
    RuleVersion.objects.filter(pk=version.pk).update(state="paused")
    bring_watchlist_in_line(workspace=workspace, now=NOON)
    shown = text_of(page(oda))
    assert "Sentinel holds 1 row with a pair. 1 of them is to go and is still there." in shown
    assert "No live rule reaches this workspace." in shown


def settle(row, *, outcome="landed", **columns):
    """What a delivery leaves."""
    values = {"outcome": outcome, "landed_version": row.wanted_version, **columns}
    WantedRule.objects.filter(pk=row.pk).update(**values)


def test_a_full_list_says_which_rule_found_no_room(page, make_version, oda, monkeypatch):
    make_version("live")
    monkeypatch.setattr(watchlist_rows, "MAX_ROWS", 1)
    shown = text_of(page(oda))
    assert "The list is full: it takes 1 rows, older rules first." in shown
    assert "Not in the list" in shown and "would be covered" not in shown


def test_who_may_not_sign_sees_the_page_and_no_form(page, make_version, sam):
    make_version("live")
    shown = text_of(page(sam))
    assert "Propose and sign" not in shown and "SOC lead can propose it" in shown
    assert page(sam, "propose", side="soc").status_code == 422
    assert not WatchlistRequest.objects.exists()


def test_the_list_of_places_leads_there(client, noon, workspace, make_version, oda):
    make_version("live")
    client.force_login(oda)
    shown = client.get(reverse("suppression:watchlists")).content.decode()
    assert reverse("suppression:watchlist", args=[workspace.uuid]) in shown
    assert reverse("suppression:watchlists") in client.get("/deployments/").content.decode()


def test_a_list_whose_lines_have_changed_since_is_off_everywhere(
    page, client, make_version, workspace, oda, leo, monkeypatch
):
    make_version("live")
    page(oda, "propose", side="ot")
    page(leo, "sign", side="soc")
    places = reverse("suppression:watchlists")
    assert ">On<" in client.get(places).content.decode().replace("\n", "")
    monkeypatch.setattr(watchlist_switch.kql, "exclusion", lambda: "| where true\n")
    assert ">On<" not in client.get(places).content.decode().replace("\n", "")
    assert "It is not what two people of two sides have signed." in text_of(page(leo))
    german = client.get(
        reverse("suppression:watchlist", args=[workspace.uuid]), headers={"accept-language": "de"}
    )
    assert "was zwei Personen von zwei Seiten unterschrieben haben" in text_of(german)


def test_what_was_held_back_stands_apart_with_its_findings(
    page, client, make_version, workspace, site, oda
):
    version = make_version("live")
    assert "Nothing yet." in text_of(page(oda))
    for by in (version, version, None):
        alert = new_alert(make_incident(workspace), site=site, alert_type="Modbus Exception")
        alert.save(force_insert=True)
        LeftOutAlert.objects.create(
            alert=alert,
            workspace=workspace,
            rule=by.rule if by else None,
            version=by,
            at=NOON,
            found_at=NOON,
        )
    assert "2 alerts were held back before an incident" in text_of(client.get("/ledger/"))
    assert "held back" not in text_of(client.get("/ledger/?rule=99999"))
    shown = text_of(page(oda))
    assert "2 alerts became no incident" in shown and "not counted as closes" in shown
    assert "No row that was in force covers these" in shown and "Modbus Exception: 1" in shown


def test_while_the_gate_is_open_after_the_end_the_page_says_so(page, make_version, workspace, oda):
    make_version("live")
    gate = open_list_gate(workspace=workspace, until=NOON + timedelta(hours=9), now=NOON)
    assert "still open" not in text_of(page(oda)), "it is wanted, and not there"
    gate.landed = gate.wanted
    gate.save()
    assert "Its gate in Sentinel is still open" in text_of(page(oda))
    gate.landed = gate_row(until=NOON - timedelta(hours=1))
    gate.save()
    assert "still open" not in text_of(page(oda))


def test_whoever_sees_the_button_may_end_it_also_ot_of_one_of_two_sites(
    page, make_version, make_person, workspace, oda, leo
):
    make_version("live")
    make_alert(make_incident(workspace), site=make_site("Ulm", zone="Utilities"))
    assert page(leo, "propose", side="soc").status_code == 302
    auditor = make_person(cast.INES, ("auditor", "workspace", workspace.uuid))
    assert "Switch off" not in text_of(page(auditor))
    assert page(auditor, "end", reason="").status_code == 422
    assert WatchlistRequest.objects.get().state == "proposed"
    shown = text_of(page(oda))
    assert "Switch off" in shown and "You sign for" not in shown, "she speaks for one of two sites"
    assert page(oda, "end", reason="Not at ours.").status_code == 302
    assert WatchlistRequest.objects.get().state == "ended"
