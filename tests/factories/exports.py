"""Exports that somebody asked for."""

from portal import clock
from portal.exports.services import request_export
from tests.conftest import NOON


def make_export(by, list_name="incidents", file_format="csv", *, filters=None, columns=()):
    """One that waits for a worker."""
    return request_export(
        list_name=list_name,
        file_format=file_format,
        filters=filters or {},
        columns=columns,
        by=by,
        now=NOON,
        unshifted=clock.unshifted(),
    )
