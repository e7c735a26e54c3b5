"""What others wrote stands in a row as text and never as markup."""

import pytest

from tests.factories.incidents import make_queue_row

EVIL = "\"><script>alert(1)</script>'&"


@pytest.mark.parametrize("field", ["title", "source", "place", "protocol", "owner_name"])
def test_a_text_from_outside_is_no_markup(signed_in, sam, gdansk, plant, noon, field):
    make_queue_row(gdansk, plant, **{field: EVIL})
    body = signed_in(sam).get("/incidents/?view=open").content.decode()
    rows = body[body.index("<tbody>") : body.index("</tbody>")]
    assert "<script" not in rows
    assert '=""' not in rows
    assert "&quot;&gt;&lt;script&gt;" in rows
