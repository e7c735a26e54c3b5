"""Points 4 to 7 of the main job: what OT called routine becomes a rule that two people sign, that
tries itself out, closes what it says and nothing else, and stops by itself.
"""

import pytest

from tests import cast
from tests.journeys.rule_story import (
    close_two_and_leave_the_rest,
    look_at_the_record,
    read_and_sign,
    reopen_and_stop,
    try_it_out,
    write_the_rule,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_tuesdays_downloads_close_by_themselves_and_nothing_else(routine, browse):
    oda, leo = routine.person(cast.ODA), routine.person(cast.LEO)
    write_the_rule(routine, browse, oda)
    read_and_sign(routine, browse, leo)
    try_it_out(routine, browse, oda)
    closed = close_two_and_leave_the_rest(routine)
    look_at_the_record(routine, browse)
    reopen_and_stop(routine, browse, leo, closed)
