"""Consents to playbooks: the database keeps what was asked for, and what was decided."""

import pytest
from django.db import DatabaseError, transaction

from alerts.automation.models import PlantConsent
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.abuse("A42")]
OF_THE_REQUEST = {
    "definition_digest": "other",
    "steps": ["other"],
    "reason": "other",
    "asked_at": NOON.replace(year=2001),
    "asked_by": "oda",
    "uuid": "00000000-0000-4000-8000-000000000001",
}
OF_THE_DECISION = {
    "state": "declined",
    "kind": "second",
    "decision_reason": "other",
    "decided_at": NOON.replace(year=2001),
    "decided_by": "leo",
}


def change(consent, values, **people):
    values = {
        name: people.get(value, value) if isinstance(value, str) else value
        for name, value in values.items()
    }
    with transaction.atomic():
        PlantConsent.objects.filter(pk=consent.pk).update(**values)


@pytest.mark.parametrize("name", OF_THE_REQUEST)
def test_what_was_asked_for_stays(ask, isolate, sam, oda, name):
    request = ask(isolate, sam)
    with pytest.raises(DatabaseError, match="only these columns change"):
        change(request, {name: OF_THE_REQUEST[name]}, oda=oda)


@pytest.mark.parametrize("name", [*OF_THE_REQUEST, *OF_THE_DECISION])
def test_what_was_decided_stays(ask, decide, isolate, sam, oda, leo, name):
    given = decide(ask(isolate, sam), oda)
    values = OF_THE_REQUEST | OF_THE_DECISION
    with pytest.raises(DatabaseError, match="only these columns change"):
        change(given, {name: values[name]}, oda=oda, leo=leo)


def test_a_consent_is_not_taken_back_into_a_question(ask, decide, isolate, sam, oda):
    given = decide(ask(isolate, sam), oda)
    values = {"state": "asked", "kind": "", "decided_by": None, "decided_at": None}
    with pytest.raises(DatabaseError, match="only these columns change"):
        change(given, values)
