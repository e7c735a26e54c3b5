"""Which rules touch a device: a part of its page."""

import pytest

from tests.factories.incidents import make_device
from tests.factories.rule_rows import make_version
from tests.factories.rules import clause, downloads

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_rules_that_name_a_device_its_kind_or_its_zone_are_listed(client, people, workspace, site):
    columns = {"ot": people.oda, "soc": people.leo, "workspace": workspace, "site": site}
    by_name = make_version("live", of=downloads(title="Named"), **columns)
    kind = downloads(
        title="By kind", all_of=(*downloads().all_of, clause("destination_kind", "is", "Robot"))
    )
    make_version("live", of=kind, **columns)
    make_version("expired", of=downloads(title="Over"), **columns)
    ends = {
        value
        for line in downloads().all_of
        if line.field == "destination_device"
        for value in line.texts
    }
    client.force_login(people.oda)
    plc = make_device(site, ends.pop(), "10.0.0.1")
    robot = make_device(site, "R-1", "10.0.0.2", kind="Robot")
    other = make_device(site, "X-1", "10.0.0.3", kind="HMI")
    bodies = {
        row.pk: client.get(f"/devices/{row.pk}/rules/").content.decode()
        for row in (plc, robot, other)
    }
    assert f"/rules/{by_name.uuid}/" in bodies[plc.pk]
    assert "Over" not in bodies[plc.pk]
    assert "By kind" in bodies[robot.pk]
    assert "No rule names it" in bodies[other.pk]
