"""Who writes lessons."""

import pytest
from django.test import Client


@pytest.fixture
def tom(author, keep_contexts):
    page = Client()
    page.force_login(author)
    return page
