"""OT's phone and the SOC's pages say the same of the usual hours: those of the plant's alerts."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models import F

from alerts.incidents.models import Alert, Incident
from alerts.incidents.web.views import incident as incident_views
from tests.abuse.roles import plain
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
TUESDAY_SIX = NOON.replace(hour=5)  # 06:00 in Gdańsk
HOURS = "usual hours, Tue 06:00–07:00"


def test_what_was_suspicious_makes_no_hours_and_no_tick(client, make, ask, oda, sam):
    """Seven harmless ones at six, seven attacks at noon: noon is no usual hour, and nothing that
    was seen before speaks for the next one, on either page.
    """
    for week in range(1, 8):
        make(at=TUESDAY_SIX - timedelta(weeks=week))
    Incident.objects.update(classification="BenignPositive")
    for week in range(1, 8):
        make(at=NOON - timedelta(weeks=week))
    Incident.objects.exclude(classification="BenignPositive").update(classification="TruePositive")
    incident = make(at=NOON)[0]
    question = ask([incident])
    for person, address in (
        (oda, f"/reviews/{question.uuid}/"),
        (sam, f"/incidents/{incident.pk}/"),
    ):
        client.force_login(person)
        page = client.get(address).content.decode()
        assert f"Outside the {HOURS}" in plain(page)
        signs = dict(re.findall(r'<li class="(\w*)">(?:(?!</li>).)*(Seen 14 times)', page))
        assert signs == {"": "Seen 14 times"}, address


@pytest.mark.parametrize("harm", ["same pattern", "another pattern", "never routine"])
def test_nothing_ticks_on_either_page_where_what_came_before_is_doubted(
    client, make, ask, answer, oda, sam, harm, monkeypatch
):
    """Seven harmless ones that OT called routine, and one true positive between the devices."""
    for week in range(1, 8):
        make(at=TUESDAY_SIX - timedelta(weeks=week))
    Incident.objects.update(classification="BenignPositive")
    answer(ask(list(Incident.objects.all())), verdict="routine", cause="runs-by-itself")
    incident = make(at=TUESDAY_SIX)[0]

    def ticks():
        found = []
        for person, address in ((oda, question), (sam, f"/incidents/{incident.pk}/")):
            client.force_login(person)
            page = client.get(address).content.decode()
            found.append(len(re.findall(r'<li class="yes">', page)))
        return found

    question = f"/reviews/{ask([incident]).uuid}/"
    assert ticks() == [3, 3]  # what OT said, seen before, usual hours
    if harm == "never routine":
        Incident.objects.update(alert_type="Suspicion of Malicious Activity (Stuxnet)")
    else:
        case = make(at=NOON - timedelta(days=9))[0]
        pattern = case.pattern if harm == "same pattern" else uuid4()
        Incident.objects.filter(pk=case.pk).update(classification="TruePositive", pattern=pattern)
    Alert.objects.update(any_device=["ENG-WS-04", "PLC-PL2-07"])
    assert ticks() == [0, 0]
    if harm == "another pattern":  # so too where the analyst may not read that case
        monkeypatch.setattr(incident_views, "true_positives_like", lambda *a, **b: ([], True))
        assert ticks() == [0, 0]


def test_what_was_suspicious_is_read_before_all_other_facts(client, make, ask, answer, oda):
    """Under the sheet of a phone, after seven harmless ones, nobody would find it."""
    for week in range(1, 8):
        make(at=TUESDAY_SIX - timedelta(weeks=week))
    answer(ask(list(Incident.objects.all())), verdict="routine", cause="runs-by-itself")
    answer(ask(make(at=NOON)), verdict="suspicious", cause="other", note="Odd.")
    case = make(at=NOON - timedelta(days=9))[0]
    Incident.objects.filter(pk=case.pk).update(classification="TruePositive")
    Alert.objects.update(any_device=["ENG-WS-04", "PLC-PL2-07"])
    client.force_login(oda)
    page = client.get(f"/reviews/{ask(make(at=TUESDAY_SIX)).uuid}/").content.decode()
    text = plain(page[page.index("<h1>") :])
    places = [
        text.index(words)
        for words in (
            "Another incident on the same devices was a true positive: 15 Nov",
            "OT said of others of this pattern: 1× Suspicious, 1× Routine",
            "asks:",
            "Seen 8 times before",
            "Your answer",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(("at", "words", "n"), [(NOON, "Outside", 6), (TUESDAY_SIX, "Inside", 7)])
def test_both_sides_read_the_same_hours(client, make, ask, oda, sam, at, words, n):
    for week in range(1, 7):
        make(at=TUESDAY_SIX - timedelta(weeks=week))
    # Sentinel took a while, and the SOC closed them.
    later = F("created_at") + timedelta(hours=2)
    Incident.objects.update(created_at=later, classification="BenignPositive")
    incident = make(at=at)[0]
    question = ask([incident])
    type(sam).objects.filter(pk=sam.pk).update(time_display="utc")
    client.force_login(oda)
    phone = plain(client.get(f"/reviews/{question.uuid}/").content.decode())
    assert f"{words} the {HOURS}" in phone
    client.force_login(sam)
    page = plain(client.get(f"/incidents/{incident.pk}/").content.decode())
    assert f"{words} the {HOURS} Europe/Warsaw" in page, "weekly hours keep the plant's clock"
    panel = plain(client.get(f"/incidents/{incident.pk}/panel").content.decode())
    assert f"{n} of them Tue 06:00–07:00 Europe/Warsaw" in panel
