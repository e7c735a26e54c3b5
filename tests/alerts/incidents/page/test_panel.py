"""What the side panel says of the incident whose number it shows."""

from datetime import timedelta

import pytest

from alerts.incidents.engine.catalogue import USER_RULE_TITLE
from alerts.incidents.models import Alert, Incident
from alerts.incidents.page.incident import alerts_of
from alerts.incidents.page.panel import explanation_of
from alerts.incidents.techniques import tactics_of, techniques_of
from tests.factories.incidents import NOON, make_alert, make_incident, make_workspace

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_newest_first", [True, False])
def test_the_newest_alert_names_what_a_plant_called_by_a_name_of_its_own(is_newest_first):
    incident = make_incident(make_workspace(), title=USER_RULE_TITLE)
    names = [("Valve test", NOON), ("Valve", NOON - timedelta(days=1))]
    for name, at in names if is_newest_first else reversed(names):
        make_alert(incident, user_defined_title=name, at=at)
    plain = explanation_of(incident, alerts_of(incident)).plain
    assert "Valve test" in plain


def test_what_only_reads_is_no_technique_of_a_write():
    """Defender for IoT names techniques by alert type: T0836 Modify Parameter for any function."""
    incident = Incident(
        techniques=["T0836", "T0888"], tactics=["ImpairProcessControl", "Discovery"]
    )
    reads = [Alert(function="3 (Read Holding Registers)", techniques=["T0855"])]
    writes = [*reads, Alert(function="16 (Write Multiple Registers)")]
    assert [chip.technique_id for chip in techniques_of(incident, reads)] == ["T0888"]
    assert tactics_of(incident, reads) == ["Discovery"]
    assert len(techniques_of(incident, writes)) == 3
    assert tactics_of(incident, writes) == ["Impair Process Control", "Discovery"]
