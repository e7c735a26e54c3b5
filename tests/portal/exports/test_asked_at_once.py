"""Exports that one person asks for at the same instant."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from portal.exports.models import Export
from portal.exports.services import MAX_WAITING, CannotExport
from tests.factories.exports import make_export

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
WINDOWS = 6


def test_of_many_asked_for_at_once_only_two_wait(sam):
    together = Barrier(WINDOWS)

    def ask(_):
        try:
            together.wait()
            make_export(sam)
        except CannotExport:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(WINDOWS) as pool:
        taken = list(pool.map(ask, range(WINDOWS)))
    assert taken.count(True) == Export.objects.count() == MAX_WAITING
