"""Who did what to whom on the incident's overview: inside, outside, and where nobody tells."""

import re
from datetime import timedelta
from uuid import uuid4

from alerts.incidents.models import AlertRaw, IncidentStatus
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident, make_workspace


def test_an_address_outside_is_drawn_without_level_and_zone(read, gdansk, plant):
    """Also where a device was learnt from an alert, in the zone of the sensor that saw it."""
    plant.zones.update(purdue_level=3)
    make_device(plant, "HIST-01", "10.41.3.20", kind="Historian")
    make_device(plant, "203.0.113.66", "203.0.113.66")
    incident = make_incident(
        gdansk, source="HIST-01", destination="203.0.113.66", site_ids=[plant.pk], pattern=uuid4()
    )
    make_alert(
        incident,
        site=plant,
        zone=plant.zones.get(),
        source_address="10.41.3.20",
        destination_device="",
        destination_address="203.0.113.66",
        any_address=["10.41.3.20", "203.0.113.66"],
    )
    for query in ("", "?tab=devices", "panel"):
        text = read(incident, query)
        outside = text[text.rindex("203.0.113.66", 0, text.index("Outside the plant")) :][:60]
        assert re.match(r"203\.0\.113\.66 (Place )?Outside the plant", outside), query
    assert "Level 3" in read(incident)
    assert read(incident).count("Level 3") == 1
    assert read(incident, "?tab=devices").count("Packaging 2") == 1


def test_a_public_address_in_the_inventory_stands_inside(read, gdansk, plant):
    make_device(plant, "PLC-9", "53.1.2.3", kind="PLC", purdue_level=1)
    incident = make_incident(gdansk, destination="PLC-9", site_ids=[plant.pk], pattern=uuid4())
    make_alert(
        incident,
        site=plant,
        zone=plant.zones.get(),
        destination_address="53.1.2.3",
        any_address=["53.1.2.3"],
    )
    text = read(incident, "?tab=devices")
    assert "Basic control" in text
    assert "Outside the plant" not in text


def test_devices_without_a_direction_are_named(read, gdansk, plant):
    make_device(plant, "PLC-7", "10.41.7.27", kind="PLC")
    incident = make_incident(
        gdansk, site_ids=[plant.pk], place="Gdańsk, Packaging 2", pattern=uuid4()
    )
    alert = make_alert(
        incident,
        site=plant,
        zone=plant.zones.get(),
        any_device=["PLC-7", "SCADA-1"],
        any_address=["10.41.7.27"],
        sensor="SNS-1",
    )
    text = read(incident)
    for words in ("PLC-7 PLC", "SCADA-1", "It is not known which of them started it."):
        assert words in text
    assert "Not named" not in text
    AlertRaw.objects.create(
        alert=alert,
        body={
            "properties": {
                "description": "An exception. Source: SCADA-1. Destination: PLC-7. Function: 3.",
            }
        },
    )
    text = read(incident)
    assert text.index("SCADA-1", text.index("plain words")) < text.index("PLC-7 PLC")
    assert "which of them started it" not in text


def test_where_nobody_is_named_the_place_and_the_sensor_are(read, gdansk, plant):
    incident = make_incident(
        gdansk, site_ids=[plant.pk], place="Gdańsk, Packaging 2", pattern=uuid4()
    )
    make_alert(incident, site=plant, zone=plant.zones.get(), any_device=[], sensor="SNS-1")
    assert "Gdańsk, Packaging 2 sensor SNS-1 No device named" in read(incident)


def test_of_a_pair_of_which_one_is_named_that_is_said(read, gdansk, plant):
    incident = make_incident(gdansk, source="ENG-WS-04", pattern=uuid4())
    make_alert(incident)
    assert "The other device is not named." in read(incident)


def test_a_true_positive_between_the_same_devices_stands_on_the_overview(
    signed_in, sam, oda, read, download, gdansk, plant
):
    case = make_incident(
        gdansk,
        title="PLC Stop Command Was Sent",
        number=3511,
        classification="TruePositive",
        status=IncidentStatus.CLOSED,
        created_at=NOON - timedelta(days=50),
        pattern=uuid4(),
        source="PLC-7",
        destination="ENG-WS-04",
        site_ids=[plant.pk],
    )
    make_alert(case)
    text = read(download)
    assert "True positives between these two devices" in text
    assert "#3511 PLC Stop Command Was Sent" in text
    page = signed_in(sam).get(f"/incidents/{download.pk}/").content.decode()
    assert f'href="/incidents/{case.pk}/"' in page
    assert "true positive between" not in read(case), "it is not its own past"


def test_seen_before_is_no_comfort_where_it_was_an_attack_then(
    signed_in, sam, read, download, gdansk
):
    before = make_incident(gdansk, pattern=download.pattern, created_at=NOON - timedelta(days=9))
    make_alert(before)

    def mark():
        page = signed_in(sam).get(f"/incidents/{download.pk}/").content.decode()
        line = page[: page.index("Seen once before")]
        return line[line.rindex("<li") :]

    assert "#check" in mark()
    columns = {
        "classification": "TruePositive",
        "status": IncidentStatus.CLOSED,
        "pattern": uuid4(),
    }
    make_alert(make_incident(gdansk, source="ENG-WS-04", destination="PLC-7", **columns))
    assert "#check" not in mark()


def test_a_protocol_that_is_all_that_is_known_is_said_once(read, gdansk):
    incident = make_incident(
        gdansk, source="NMS-01", destination="FW-02", protocol="ICMP", pattern=uuid4()
    )
    make_alert(incident)
    assert "ICMP ICMP" not in read(incident)


def test_a_true_positive_of_one_of_the_two_is_not_that_pairs(read, download, gdansk, plant):
    columns = {
        "classification": "TruePositive",
        "status": IncidentStatus.CLOSED,
        "source": "ENG-WS-04",
    }
    make_alert(make_incident(gdansk, destination="PLC-8", **columns))
    make_alert(make_incident(make_workspace("porto"), destination="PLC-7", **columns))
    assert "true positive" not in read(download)
