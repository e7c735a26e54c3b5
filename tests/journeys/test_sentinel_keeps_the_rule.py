"""A rule that Sentinel can hold exactly acts there while nothing of Tagout runs, for a day at most;
the kill switch stops it with one write.
"""

import pytest

from tests import cast
from tests.journeys.sentinel_story import (
    act_alone_for_a_day,
    stop_it_all,
    try_it_out,
    write_and_sign,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_polling_closes_while_tagout_is_stopped_until_the_lease_or_the_gate_ends_it(
    routine, browse
):
    oda, leo = routine.person(cast.ODA), routine.person(cast.LEO)
    write_and_sign(routine, browse, oda, leo)
    try_it_out(routine)
    act_alone_for_a_day(routine)
    stop_it_all(routine, browse, leo)
