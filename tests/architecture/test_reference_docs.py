"""Pages of docs that are made from tables of the code are as the tables are."""

import pytest

from portal.reference_docs import reference_pages
from tests.architecture.tree import HOME


@pytest.mark.parametrize("file", reference_pages())
def test_the_page_is_as_its_table(file):
    assert (HOME / file).read_text() == reference_pages()[file], "Run `make docs`."
