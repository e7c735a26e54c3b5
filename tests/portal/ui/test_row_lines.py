"""Rows that stand below each other on a phone have a line between any two of them."""

import base64

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.factories.lessons import make_lessons

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The colours down one column of pixels, beside all words.
COLUMN = """async (picture) => {
  const bytes = Uint8Array.from(atob(picture), (char) => char.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], {type: 'image/png'}));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  canvas.drawImage(bitmap, 0, 0);
  const {data, height} = canvas.getImageData(20, 0, 1, bitmap.height);
  return [...Array(height).keys()].map((y) => data.slice(4 * y, 4 * y + 3).join());
}"""
TOPS = """() => [...document.querySelectorAll('.grid-cards tbody tr')]
  .map((row) => row.getBoundingClientRect().y)"""


def test_no_line_between_rows_is_left_out(browse, make_person):
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.ALL, None))
    page = browse(f"/training/{make_lessons(6).slug}/", as_=sam, width=390)
    tops = [y for y in page.evaluate(TOPS)[1:] if y < 750]
    assert len(tops) >= 3
    colours = page.evaluate(COLUMN, base64.b64encode(page.screenshot()).decode())
    for top in tops:
        around = colours[int(top) - 3 : int(top) + 4]
        assert len(set(around)) > 1, f"no line at {top}"
