"""NUL in the path of a page is a bad request, as it is in a query or a form; PostgreSQL would
refuse it and the page would fail.
"""

import pytest

from tests import cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    [
        "/authoring/modules/some-module/file/a%00.md",
        "/training/some-module/captures/%00",
        "/training/some-module/captures/%00/view/",
        "/incidents/?q=%00",
    ],
)
def test_nul_in_an_address_is_refused(client, make_person, path):
    client.force_login(make_person(cast.INES, ("training-manager", "all", None)))
    assert client.get(path).status_code == 400
