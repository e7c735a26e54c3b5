"""What one test read in German, the next one reads in English."""

import pytest
from django.utils.translation import get_language


@pytest.mark.django_db
def test_a_page_read_in_german_sets_the_language(client):
    client.get("/login/", headers={"accept-language": "de"})
    assert get_language() == "de"


def test_the_test_after_it_starts_in_english():
    assert get_language() == "en"
