"""The matrix, the page of a technique and the mapping: numbers within reach, and ways onward."""

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from alerts.suppression.queries import LiveRule
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.samples import DOWNLOADS
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_site, make_workspace
from tests.factories.rule_rows import make_version
from training.catalog.queries.lessons import shipped_reviews
from training.matrix.queries import TechniqueFacts

pytestmark = pytest.mark.django_db

PROGRAMMING = "Unauthorized PLC Programming"


@pytest.fixture
def plant(lesson, leo, make_person):
    """Two sites: three incidents of PLC programming at one, one at the other, a live rule."""
    workspace, here, there = make_workspace(), make_site(), make_site("Ulm")
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, here.uuid))
    # The rule's factory makes the third incident here.
    make_version("live", of=DOWNLOADS, ot=oda, soc=leo, workspace=workspace, site=here)
    for site in (here, here, there):
        make_incident(workspace, site_ids=[site.pk])
    old = NOON - timedelta(days=91)
    make_incident(workspace, site_ids=[here.pk], created_at=old)
    make_incident(
        workspace, site_ids=[here.pk], title="Sensor of another maker", techniques=["T0855"]
    )
    return oda


@pytest.fixture
def see(client, noon):
    def get(path, person):
        client.force_login(person)
        answer = client.get(path)
        return answer.status_code, " ".join(answer.content.decode().split())

    return get


def cell(html, technique_id):
    """The numbers of the first cell of a technique, as they are read out."""
    found = re.search(rf'href="/attack/{technique_id}/".*?hear-only">([^<]*)<', html, re.DOTALL)
    return found[1] if found else None


def test_each_cell_counts_what_the_reader_may_see(see, sam, plant):
    _, html = see("/attack/", sam)
    assert cell(html, "T0843") == "4 incidents, 1 live rule, 1 lesson, 3 sub-techniques"
    assert cell(see("/attack/", plant)[1], "T0843").startswith("3 incidents, ")
    assert cell(html, "T1692").startswith("1 incident, "), "an old id counts at its successor"
    assert cell(html, "T0865") == "0 incidents"
    heads = re.findall(r'<h3 id="tactic-\d+"> <span lang="en">([^<]*)', html)
    assert "Device Restart/<wbr>Shutdown" in html, "a narrow column breaks between words only"
    assert heads[:3] == ["Initial Access", "Execution", "Persistence"] and len(heads) == 12
    assert "Release 19.1." in html and "The MITRE Corporation" in html
    assert re.search(r'href="/attack/"[^>]*aria-current="page"', html)


@pytest.mark.parametrize(
    ("show", "shown", "hidden"),
    [
        ("seen", "T0843", "T0858"),
        ("trained", "T0858", "T1692"),
        ("silenced", "T0843", "T0858"),
        ("untrained", "T1692", "T0843"),
    ],
)
def test_a_filter_leaves_the_techniques_it_names(see, sam, plant, show, shown, hidden):
    _, html = see(f"/attack/?show={show}", sam)
    assert cell(html, shown) is not None and cell(html, hidden) is None


@pytest.mark.parametrize(
    ("named", "counted"),
    [((), {"T0843", "T0889"}), (("T0889",), {"T0889"}), (("T0839",), {"T0843", "T0889"})],
)
def test_a_rule_counts_at_the_reviewed_techniques_of_its_types(named, counted):
    """T0839 is what Microsoft prints and the review leaves out."""
    rule = LiveRule(UUID(int=1), "R-1", "", (PROGRAMMING,), named)
    facts = TechniqueFacts((), (), (rule,), shipped_reviews())
    assert facts.techniques_silenced_by(rule) == counted and facts.rules_of_no_technique == 0


def test_a_technique_leads_to_incidents_lessons_and_rules(see, sam, plant):
    _, html = see("/attack/T0843/", sam)
    assert "/incidents/?view=open&amp;q=tech%3AT0843" in html
    assert "/training/first-module/one-stop/" in html and "R-1 Recipe downloads" in html
    assert PROGRAMMING in html and "Lateral Movement" in html
    assert "Download All" in html and "https://attack.mitre.org/techniques/T0843/" in html
    _, html = see("/attack/T1692.001/", sam)
    assert "T0855 Unauthorized Command Message" in html
    _, html = see("/attack/T0874/", sam)
    assert "Hooking is T0874" in html, "the vendor's id does not fit"


def test_old_ids_find_their_way_and_unknown_ones_are_told(client, see, sam, plant):
    client.force_login(sam)
    assert client.get("/attack/t0855/")["Location"] == "/attack/T1692.001/"
    status, html = see("/attack/T0818/", sam)
    assert status == 200 and "MITRE gave this technique up." in html
    assert see("/attack/T9999/", sam)[0] == 404


def test_every_alert_type_stands_in_the_mapping_with_its_review(see, sam, db):
    _, html = see("/attack/mapping/", sam)
    assert html.count("Tagout curriculum, 27 Nov 2026") == 202
    _, html = see("/attack/mapping/?show=differs&q=t0841", sam)
    assert html.count("Tagout curriculum") == 1 and "Hooking is T0874" in html
    _, html = see("/attack/mapping/?show=none&q=backup", sam)
    assert "Expected Backup Operation Did Not Occur" in html and "Names no act" in html
    _, html = see("/attack/mapping/?q=T0843", sam)
    assert PROGRAMMING in html and "Unauthorized Windows Process" not in html


def test_a_training_manager_reviews_an_alert_type_and_everybody_reads_all_reviews(
    client, see, sam, author, plant
):
    address = "/attack/mapping/address-scan-detected/"
    alert_types = re.compile(r"\d+ alert types")
    before = alert_types.findall(see("/attack/T0846/", sam)[1])
    assert 'name="note"' not in see(address, sam)[1]
    form = {"techniques": "T0888", "note": "It reads names here."}
    assert "by training managers" in client.post(address, form).content.decode()
    assert 'value="T0846"' in see(address, author)[1]
    refused = client.post(address, {"techniques": "T0855", "note": ""})
    assert refused.status_code == 422 and "This field is required." in refused.content.decode()
    refused = client.post(address, {**form, "techniques": "T0855; T0818"})
    assert "Use T1692.001" in refused.content.decode()
    assert client.post(address, form)["Location"] == address
    _, html = see(address, sam)
    assert html.index("It reads names here.") < html.index("sniffing listens")
    assert "Tom Berg, " in html
    after = alert_types.findall(see("/attack/T0846/", sam)[1])
    assert before and after and before != after, "counts go by the review"
    assert see("/attack/mapping/no-such-type/", sam)[0] == 404


def test_who_reads_nothing_sees_lessons_only_and_who_learns_nothing_no_way_to_them(
    see, mia, make_person, plant
):
    teacher = make_person(cast.INES, (Role.TRAINING_MANAGER, GrantScope.ALL, None))
    _, html = see("/attack/T0843/", teacher)
    assert "/training/first-module/one-stop/" in html and "/incidents/" not in html
    assert "4 incidents" not in html and "R-1" not in html
    _, html = see("/attack/T0843/", mia)
    assert "One stop" in html and "/training/first-module/one-stop/" not in html
    keeper = make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None))
    assert see("/attack/", keeper)[0] == 403


def test_a_technique_of_an_incident_and_the_search_lead_to_its_page(see, sam, plant):
    row = make_incident(make_workspace("ulm"), techniques=["T0855", "T7777"])
    _, html = see(f"/incidents/{row.pk}/", sam)
    assert 'href="/attack/T1692.001/"' in html and "T7777" in html and "/attack/T7777/" not in html
    _, html = see("/search/?q=T0843", sam)
    assert 'href="/attack/T0843/"' in html


def test_a_navigator_layer_holds_what_the_reader_sees(client, see, sam, plant):
    client.force_login(plant)
    answer = client.get("/attack/layer.json?of=seen")
    assert answer["Content-Disposition"].startswith('attachment; filename="tagout-seen-')
    layer = answer.json()
    assert layer["versions"]["layer"] == "4.5" and layer["domain"] == "ics-attack"
    scores = {technique["techniqueID"]: technique["score"] for technique in layer["techniques"]}
    assert scores["T0843"] == 3 and "T0817" not in scores
    assert layer["gradient"]["maxValue"] == max(scores.values())
    assert any("The MITRE Corporation" in entry["value"] for entry in layer["metadata"])
    trained = client.get("/attack/layer.json?of=trained").json()["techniques"]
    assert {technique["techniqueID"] for technique in trained} == {"T0843", "T0858"}
    assert client.get("/attack/layer.json?of=all").status_code == 404


def test_an_uploaded_layer_is_compared_with_our_own(client, sam, plant, noon):
    client.force_login(sam)

    def send(text):
        file = SimpleUploadedFile("layer.json", text.encode(), "application/json")
        answer = client.post("/attack/compare/", {"file": file})
        return answer.status_code, answer.content.decode()

    marks = [
        {"techniqueID": "T0843", "score": 7.5, "comment": "seen at a neighbour"},
        {"techniqueID": "T0855", "color": "#ff0000", "score": 10**400},
        {"techniqueID": "T1059", "score": 1},
        {"techniqueID": "T0858", "enabled": False, "score": 1},
        {"techniqueID": "T0817"},
        {"techniqueID": chr(0xD800), "score": 1},
    ]
    layer = {"name": "Neighbours", "domain": "ics-attack", "techniques": marks}
    status, html = send(json.dumps(layer))
    assert status == 200 and "Neighbours" in html and "seen at a neighbour" in html
    assert ">7.5<" in html
    assert html.index("/attack/T1692.001/") < html.index("/attack/T0843/"), "no lesson: first"
    assert "does not have: T1059, ?." in html
    assert "/attack/T0858/" not in html and "/attack/T0817/" not in html
    for text, words in (
        ("{", "This file is not JSON."),
        ("[" * 200_000, "This file is not JSON."),
        ("[]", "exactly one layer"),
        ("{}", "This is not a layer"),
        (json.dumps({**layer, "domain": "enterprise-attack"}), "not of ATT&amp;CK for ICS"),
    ):
        status, html = send(text)
        assert status == 422 and words in html
