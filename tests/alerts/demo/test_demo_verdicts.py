"""The demo's engineers give the reason that is behind an incident at the plant."""

import pytest

from alerts.demo.cast import PEOPLE
from alerts.demo.services import verdicts_on_history
from alerts.incidents.models import DetailsState, IncidentStatus
from portal.accounts.models import User
from tests.factories.incidents import make_incident, make_workspace


@pytest.mark.django_db
def test_who_is_right_about_an_incident_gives_its_real_cause():
    place = make_workspace("gdansk")
    for player in PEOPLE:
        User.objects.create(email=player.email, name=player.name)
    incidents = [
        make_incident(
            place,
            alert_type="Unpermitted Usage of Modbus Function Code",
            status=IncidentStatus.CLOSED,
            details_state=DetailsState.FETCHED,
        )
        for _ in range(30)
    ]
    facts = {"process": "historian-polling", "site": "gdansk", "verdict": "routine"}
    truth = {incident.name: facts | {"cause": "mes-historian-tags"} for incident in incidents}
    verdicts = [v for batch in verdicts_on_history(truth=truth, processed=set()) for v in batch]
    assert {(verdict.kind, verdict.cause) for verdict in verdicts} == {
        ("routine", "mes-historian-tags")
    }
