"""Which rules touch a device: a part of its page."""

import re

import pytest

from tests.factories.incidents import make_device
from tests.factories.rule_rows import make_version
from tests.factories.rules import clause, downloads

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_rules_whose_lines_about_one_end_fit_a_device_are_listed(client, people, workspace, site):
    columns = {"ot": people.oda, "soc": people.leo, "workspace": workspace, "site": site}
    ends = [line for line in downloads().all_of if line.field == "destination_device"]
    others = tuple(line for line in downloads().all_of if line not in ends)
    name = ends[0].texts[0]

    def write(title, *lines, state="live", **more):
        make_version(state, of=downloads(title=title, all_of=(*others, *lines), **more), **columns)

    robot = clause("destination_kind", "is", "Robot")
    write("By name", *ends)
    write("By kind", robot)
    write("By network", clause("any_address", "within", "10.0.0.0/30"))
    write("Either", clause("any_device", "is", "R-1"), clause("any_device", "is", "X-1"))
    write("Kind of another zone", robot, clause("destination_zone", "is", "Elsewhere"))
    write("Kind but not it", robot, except_any=(clause("destination_device", "is", "R-1"),))
    write("Over", *ends, state="expired")
    client.force_login(people.oda)
    rows = [
        make_device(site, name, "10.0.0.1"),
        make_device(site, "R-1", "10.0.0.2", kind="Robot"),
        make_device(site, "X-1", "10.0.0.7", kind="HMI"),
        make_device(site, "Y-1", "10.0.0.8", kind="HMI"),
    ]
    bodies = [client.get(f"/devices/{row.pk}/rules/").content.decode() for row in rows]
    titles = re.compile("</b> <span>([^<]+)</span>")
    assert [titles.findall(body) for body in bodies] == [
        ["By name", "By network"],
        ["By kind", "By network", "Either"],
        ["Either"],
        [],
    ]
    assert "No rule names it" in bodies[-1]
    assert '<span><b><span><span class="unbroken">R-' in bodies[0], "not parted at the hyphen"
