"""The status page leads to the pages of workspaces, for whoever may open these."""

import pytest

from tests import cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "is_linked"),
    [("soc-lead", True), ("administrator", True), ("manager", True), ("ot-engineer", False)],
)
def test_who_may_know_is_led_there(client, make_person, workspace, role, is_linked):
    client.force_login(make_person(cast.LEO, (role, "all", None)))
    main = client.get("/status/").text.partition("<main")[2]
    assert ('href="/workspaces/"' in main) == is_linked
