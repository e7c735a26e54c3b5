"""Acts on many incidents in tests: a form is sent, a worker works, a page is read."""

import re
from uuid import uuid4

from alerts.incidents.acts.bulk import process_piece
from alerts.incidents.models import Incident, IncidentStatus
from portal import clock
from tests.conftest import NOON

BENIGN = {"outcome": "BenignPositive", "comment": "Commissioning."}


def send(client, row, verb="close", *, part=True, **values):
    headers = {"HX-Request": "true"} if part else {}
    data = {"group": str(row.key), "act": str(uuid4()), **(values or BENIGN)}
    return client.post(f"/incidents/act/{verb}/", data, headers=headers)


def work(pieces=99, now=NOON):
    """What the worker does; returns how many pieces it did."""
    return sum(process_piece(unshifted=clock.unshifted(), now=now) for _ in range(pieces))


def text_of(answer):
    words = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", words)


def closed():
    return Incident.objects.filter(status=IncidentStatus.CLOSED).count()
