"""Which columns the queue has: chosen from a menu, in the address, and kept with a saved view."""

import re
from html import unescape
from uuid import uuid4

import pytest

from alerts.incidents.engine.hidden_verdicts import (
    NOTHING_HIDDEN,
    CoveredIncident,
    HiddenVerdict,
    HiddenVerdicts,
)
from alerts.incidents.models import Incident, SavedView
from alerts.incidents.queue.chosen_columns import lead_facts
from portal.audit.models import Entry
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_queue_row

USUAL = ["Priority", "Incident", "OT context", "Due or age", "Owner"]


def heads(page):
    """The words above the table."""
    table = page.text.split('id="queue-rows"')[1].split("</thead>")[0]
    found = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table, re.DOTALL)
    return [words for head in found if (words := re.sub(r"<[^>]+>", "", head).strip())]


def menu_of(page):
    """Where each choice of the menu leads, and whether its column is shown."""
    menu = page.text.split('id="queue-columns"')[1].split("</details>")[0]
    choices = re.findall(r'href="([^"]+)" id="column-(\w+)"([^>]*)>', menu)
    return {name: (unescape(href), "aria-current" in rest) for href, name, rest in choices}


@pytest.fixture
def row(gdansk, plant, noon):
    """A row whose lead names techniques and labels, and two sensors its alerts came from."""
    row = make_queue_row(gdansk, plant, techniques=["T0843"], labels=["night", "tagout:escalated"])
    for sensor in ("SNS-GD-02", "SNS-GD-01", "SNS-GD-01"):
        make_alert(Incident.objects.get(), sensor=sensor, function="Download", techniques=["T0889"])
    return row


def test_a_menu_adds_and_removes_a_column_by_an_address(signed_in, sam, row, htmx):
    client = signed_in(sam)
    page = client.get("/incidents/?view=open")
    assert heads(page) == USUAL
    href, is_shown = menu_of(page)["technique"]
    assert (href, is_shown) == ("/incidents/?view=open&cols=technique.ot.age.owner", False)
    more = client.get(href, headers=htmx)
    assert heads(more) == ["Priority", "Incident", "Technique", *USUAL[2:]]
    cell = more.text.split("at-technique")[1].split("</td>")[0]
    words = " ".join(re.sub(r"<[^>]+>", " ", cell).split())
    assert words.endswith("> T0843 +1 Program Download") and "T0889 Modify Program" in words
    back, is_shown = menu_of(more)["technique"]
    assert (back, is_shown) == ("/incidents/?view=open", True), "as it is without a choice"
    assert "view=closed&amp;cols=technique.ot.age.owner" in more.text, "other tabs keep it"
    bare = client.get("/incidents/?view=open&cols=none")
    assert heads(bare) == USUAL[:2]
    assert heads(client.get("/incidents/?view=open&cols=nonsense")) == USUAL


def test_columns_show_what_the_incident_has_that_names_the_row(signed_in, sam, row):
    page = signed_in(sam).get("/incidents/?view=open&cols=sensor.labels.workspace.changed")
    assert heads(page) == ["Priority", "Incident", "Sensor", "Labels", "Workspace", "Latest"]
    cells = [
        " ".join(re.sub(r"<[^>]+>", " ", cell).split())
        for cell in re.findall(r"<td.*?</td>", page.text.split("<tbody>")[1], re.DOTALL)
    ]
    assert cells[3:6] == ["SNS-GD-01, SNS-GD-02", "night, tagout:escalated", "gdansk"]


def test_the_list_of_closed_ones_shows_by_which_moment_it_is_ordered(signed_in, sam, gdansk, noon):
    make_queue_row(gdansk)
    Incident.objects.update(status=3, group_key=None)
    assert heads(signed_in(sam).get("/incidents/?view=closed")) == [*USUAL, "Changed"]


def test_a_saved_view_opens_with_its_columns(signed_in, sam, row):
    client = signed_in(sam)
    form = {"view": "open", "q": "", "cols": "technique.ot", "name": "Techniques"}
    answer = client.post("/incidents/views/save/", form)
    view = SavedView.objects.get()
    assert view.columns == "technique.ot"
    assert answer["Location"] == f"/incidents/?view=open&cols=technique.ot&saved={view.pk}"
    assert Entry.objects.get(action="incidents.view.saved").details["columns"] == "technique.ot"
    opened = client.get(answer["Location"])
    assert "changed" not in opened.text.split('id="queue-tabs"')[1].split("</nav>")[0]
    fewer = client.get(menu_of(opened)["technique"][0])
    assert "changed" in fewer.text.split('id="queue-tabs"')[1].split("</nav>")[0]
    client.post(f"/incidents/views/{view.pk}/list/", {"view": "open", "q": "", "cols": "ot"})
    view.refresh_from_db()
    assert view.columns == "ot"
    client.post(f"/incidents/views/{view.pk}/", {"name": "OT", "is_shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.columns) == ("OT", "ot"), "another name leaves them"


def test_the_form_and_its_dialog_carry_the_columns(signed_in, sam, row, htmx):
    client = signed_in(sam)
    page = client.get("/incidents/?view=open&cols=sensor")
    assert '<input type="hidden" name="cols" value="sensor">' in page.text, "a filter keeps them"
    dialog = client.get("/incidents/views/save/?view=open&cols=sensor", headers=htmx)
    assert '<input type="hidden" name="cols" value="sensor">' in dialog.text


def test_a_file_of_the_list_has_the_columns_that_were_chosen(signed_in, sam, row):
    client = signed_in(sam)
    form = client.get("/incidents/?view=open&cols=technique.labels").text
    fields = re.findall(r'name="column" value="(\w+)"', form)
    assert fields[-2:] == ["techniques", "labels"]
    plain = client.get("/incidents/?view=open").text
    assert re.findall(r'name="column" value="(\w+)"', plain)[-1] == "classification"


def test_labels_of_a_hidden_verdict_stay_out_of_the_column(row):
    incident = Incident.objects.get()
    Incident.objects.update(labels=["night", "tagout:routine"])
    shown = lead_facts([incident.pk], {"labels"}, NOTHING_HIDDEN)[incident.pk]
    assert shown.labels == "night, tagout:routine"
    covered = CoveredIncident(incident.pk, row.key, incident.pattern)
    verdict = HiddenVerdict(1, uuid4(), "routine", NOON, uuid4(), (covered,))
    hidden = HiddenVerdicts([verdict])
    assert lead_facts([incident.pk], {"labels"}, hidden)[incident.pk].labels == "night"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_menu_stays_open_and_the_address_follows(browse, sam, row):
    page = browse("/incidents/?view=open", as_=sam)
    page.locator("#queue-columns summary").press("Enter")
    page.locator("#column-technique").press("Enter")
    page.get_by_role("columnheader", name="Technique").wait_for()
    assert page.locator("#queue-columns").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.id") == "column-technique"
    assert page.url.endswith("cols=technique.ot.age.owner")
    assert page.evaluate(
        "() => { const s = document.getElementById('queue-scroll');"
        " return s.scrollWidth <= s.clientWidth; }"
    )
