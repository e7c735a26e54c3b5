"""Views of the queue under a name: one's own and shared ones, and the one it opens with."""

import re

import pytest

from alerts.incidents.acts.saved_views import MAX_VIEWS
from alerts.incidents.models import FirstView, SavedView
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.conftest import NOON, add_person
from tests.factories.incidents import make_queue_row, make_workspace
from tests.reuse import reuse_rows

SAVE = "/incidents/views/save/"
NIGHT = {"view": "open", "q": "sev:high -proto:smb", "name": " Night  shift "}
LIST = "?view=open&q=sev%3Ahigh+-proto%3Asmb"


@reuse_rows
def pia(gdansk):
    return add_person(cast.PIA, (Role.SOC_ANALYST, GrantScope.WORKSPACE, gdansk.uuid))


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def save(client, **values):
    answer = client.post(SAVE, NIGHT | values)
    assert answer.status_code == 302, text_of(answer)
    return SavedView.objects.latest("pk"), answer["Location"]


def tabs_of(answer):
    body = answer.content.decode()
    return body[body.index('id="queue-tabs"') :].split("</nav>")[0]


def test_a_list_is_kept_under_a_name_and_its_address_says_all_of_it(signed_in, sam, noon):
    client = signed_in(sam)
    view, address = save(client)
    assert address == f"/incidents/{LIST}&saved={view.pk}"
    assert view.name == "Night shift"
    opened = tabs_of(client.get(address))
    assert re.search(r'aria-current="page">\s*<svg.*?</svg>\s*Night shift', opened, re.DOTALL)
    assert opened.count("aria-current") == 1 and "changed" not in opened
    entry = Entry.objects.get(action="incidents.view.saved")
    assert (entry.actor, entry.details["query"]) == (sam, "sev:high -proto:smb")


def test_another_filter_shows_as_a_change_that_can_be_kept_or_let_go(signed_in, sam, noon):
    client = signed_in(sam)
    view, address = save(client)
    other = client.get(f"/incidents/?view=open&q=sev:low&saved={view.pk}")
    assert "changed" in tabs_of(other)
    assert f'href="{address.replace("&", "&amp;")}"' in other.content.decode(), "a way back"
    assert f"/incidents/views/{view.pk}/list/" in other.content.decode()
    client.post(f"/incidents/views/{view.pk}/list/", {"view": "open", "q": "sev:low"})
    view.refresh_from_db()
    assert view.query == "sev:low"
    entry = Entry.objects.get(action="incidents.view.changed")
    assert entry.details["before"]["query"] == "sev:high -proto:smb"


def test_the_queue_opens_with_the_view_that_each_person_chose(signed_in, sam, leo, noon):
    client = signed_in(sam)
    view, address = save(client, is_first="on", is_shared="on")
    answer = client.get("/incidents/")
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert client.get("/incidents/?view=needs").status_code == 200
    assert signed_in(leo).get("/incidents/").status_code == 200
    client.post(f"/incidents/views/{view.pk}/first/")
    assert client.get("/incidents/")["Location"] == address
    client.post(f"/incidents/views/{view.pk}/first/")
    assert client.get("/incidents/").status_code == 200


def test_what_one_keeps_for_oneself_nobody_else_finds(signed_in, sam, leo, noon):
    view, _ = save(signed_in(sam))
    client = signed_in(leo)
    assert "Night shift" not in tabs_of(client.get(f"/incidents/{LIST}&saved={view.pk}"))
    assert "Night shift" not in text_of(client.get("/incidents/views/"))
    for end in ("", "list/", "first/", "delete/"):
        assert client.post(f"/incidents/views/{view.pk}/{end}", NIGHT).status_code == 404
    assert SavedView.objects.filter(pk=view.pk, query="sev:high -proto:smb").exists()


def test_a_shared_view_is_changed_by_who_saved_it_or_by_a_lead(signed_in, sam, pia, leo, noon):
    view, address = save(signed_in(sam), is_shared="on")
    client = signed_in(pia)
    page = client.get("/incidents/views/")
    assert "Night shift" in text_of(page) and "Delete" not in text_of(page)
    assert client.get(address).status_code == 200
    assert client.post(f"/incidents/views/{view.pk}/", NIGHT | {"name": "Mine"}).status_code == 404
    client.post(f"/incidents/views/{view.pk}/list/", {"view": "open", "q": ""})
    client.post(f"/incidents/views/{view.pk}/delete/")
    view.refresh_from_db()
    assert (view.name, view.query) == ("Night shift", "sev:high -proto:smb")
    signed_in(leo).post(f"/incidents/views/{view.pk}/", {"name": "Nights", "is_shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.owner) == ("Nights", sam)
    signed_in(leo).post(f"/incidents/views/{view.pk}/delete/")
    assert Entry.objects.get(action="incidents.view.deleted").actor == leo
    assert not SavedView.objects.exists()


def test_it_shows_no_reader_more_than_they_may_see(signed_in, sam, gdansk, plant, noon):
    make_queue_row(gdansk, plant, title="Stop of a pump")
    _, address = save(signed_in(sam), q="", is_shared="on")
    porto = make_workspace("porto")
    ana = add_person(cast.PIA, (Role.SOC_ANALYST, GrantScope.WORKSPACE, porto.uuid))
    assert "Stop of a pump" in text_of(signed_in(sam).get(address))
    assert "Stop of a pump" not in text_of(signed_in(ana).get(address))


def test_a_view_that_is_shared_no_longer_opens_for_nobody_else(signed_in, sam, leo, noon):
    view, _ = save(signed_in(sam), is_shared="on", is_first="on")
    signed_in(leo).post(f"/incidents/views/{view.pk}/first/")
    assert FirstView.objects.count() == 2
    signed_in(sam).post(f"/incidents/views/{view.pk}/", {"name": "Night shift", "is_first": "on"})
    assert FirstView.objects.get().user == sam
    assert signed_in(leo).get("/incidents/").status_code == 200


@pytest.mark.parametrize("name", ["", " \u200b ", "n" * 41, "NIGHT shift"])
def test_a_name_is_there_short_and_once(name, signed_in, sam, htmx, noon):
    client = signed_in(sam)
    save(client)
    answer = client.post(SAVE, NIGHT | {"name": name}, headers=htmx)
    assert answer.status_code == 422 and 'class="problem"' in answer.content.decode()
    assert SavedView.objects.count() == 1


def test_nobody_keeps_more_than_can_be_overlooked(signed_in, sam, noon):
    SavedView.objects.bulk_create(
        SavedView(owner=sam, name=f"v{n}", view="open", made_at=NOON) for n in range(MAX_VIEWS)
    )
    answer = signed_in(sam).post(SAVE, NIGHT)
    assert "You keep 20 views already" in text_of(answer)


def test_where_htmx_asks_it_is_a_dialog_that_leads_to_the_list(signed_in, sam, htmx, noon):
    client = signed_in(sam)
    form = client.get(f"{SAVE}{LIST}", headers=htmx).content.decode()
    assert "<dialog" in form and 'value="sev:high -proto:smb"' in form
    answer = client.post(SAVE, NIGHT, headers=htmx)
    assert answer.status_code == 204 and LIST in answer["HX-Redirect"]
