"""Which incidents may have an entity that no alert explains: asked of many at once, in SQL."""

import pytest

from alerts.incidents.models import Entity
from alerts.incidents.unnamed_entities import incidents_with_unnamed_entities
from alerts.sentinel.wire.values import ENTITY_KIND
from alerts.suppression.queries import (
    NAMED_KINDS,
    THE_ALERT_ITSELF,
    entities_of,
    facts_by_incident,
    findings_on_entities,
)
from tests.conftest import NOON
from tests.factories import rules

pytestmark = pytest.mark.django_db
DEVICE = {"id": "/entities/d", "properties": {"deviceName": "ENG-WS-04"}}
OF_NIC = DEVICE | {"properties": DEVICE["properties"] | {"nicEntityIds": ["/entities/n"]}}
NIC = {"id": "/entities/n", "properties": {"macAddress": "00:1d:9c:00:00:01"}}
STRANGER = {"id": "/entities/s", "properties": {"nicEntityIds": ["/entities/n"]}}


@pytest.mark.parametrize(
    ("bodies", "is_found"),
    [
        ((DEVICE,), False),
        ((OF_NIC, NIC), False),
        ((DEVICE, NIC), True),
        ((OF_NIC, NIC | {"id": None}), True),
        ((OF_NIC, {"properties": "none"}), True),
        ((STRANGER, NIC), True),
        ((DEVICE | {"properties": OF_NIC["properties"] | {"nicEntityIds": [None, ""]}}, NIC), True),
        (
            (DEVICE | {"properties": OF_NIC["properties"] | {"ipEntityId": "/entities/n"}}, NIC),
            False,
        ),
    ],
)
def test_it_finds_each_that_has_one(workspace, site, bodies, is_found):
    incident = rules.incident_of(workspace, site, at=NOON, source="ENG-WS-04")
    Entity.objects.filter(incident=incident).delete()
    for n, body in enumerate(bodies):
        kind = "IoTDevice" if body["properties"] == DEVICE["properties"] or n == 0 else "Nic"
        label = "ENG-WS-04" if "deviceName" in body["properties"] else f"part {n}"
        Entity.objects.create(incident=incident, name=f"e{n}", kind=kind, label=label, body=body)
    found = incidents_with_unnamed_entities(
        [incident.pk], kinds=ENTITY_KIND, labelled=NAMED_KINDS, but=THE_ALERT_ITSELF
    )
    assert bool(found) is is_found
    alerts = facts_by_incident([incident.pk])[incident.pk].values()
    findings = findings_on_entities(entities_of([incident.pk])[incident.pk], alerts=alerts)
    assert bool(findings.unexplained) is is_found
