"""The page that explains a missing role is as readable as any other."""

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.bars import bar_faults_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_it_meets_the_bars(browse, make_person, noon):
    ada = make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None))
    page = browse("/incidents/", as_=ada)
    assert bar_faults_everywhere(page) == []
    page.evaluate("document.documentElement.style.fontSize = ''")
    size = "all => all.map(e => Math.min(e.offsetWidth, e.offsetHeight))"
    sizes = page.locator("dd > a").evaluate_all(size)
    assert sizes and min(sizes) >= 44  # places to go, not words of a sentence
