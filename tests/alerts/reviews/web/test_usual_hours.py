"""OT's phone and the SOC's pages say the same of the usual hours: those of the plant's alerts."""

from datetime import timedelta

import pytest
from django.db.models import F

from alerts.incidents.models import Incident
from tests.abuse.roles import plain
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
TUESDAY_SIX = NOON.replace(hour=5)  # 06:00 in Gdańsk
HOURS = "usual hours, Tue 06:00–07:00"


@pytest.mark.parametrize(("at", "words", "n"), [(NOON, "Outside", 6), (TUESDAY_SIX, "Inside", 7)])
def test_both_sides_read_the_same_hours(client, make, ask, oda, sam, at, words, n):
    for week in range(1, 7):
        make(at=TUESDAY_SIX - timedelta(weeks=week))
    Incident.objects.update(
        created_at=F("created_at") + timedelta(hours=2)
    )  # Sentinel took a while
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
