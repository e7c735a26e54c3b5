"""A31: what a forged message can make a task of ours do: nothing that a due row did not ask for."""

import pytest
from django.apps import apps

from portal.celery import app
from tests.abuse.world import the_world
from tests.conftest import NOON

FORGED = {
    "unknown ids": {"job_id": 10**9, "id": -1, "pk": "0", "change_id": 10**9, "incident_id": 1},
    "somebody's rows": {"workspace_id": 1, "rule_id": 1, "version_id": 1, "by": 1, "user_id": 1},
    "an order": {"state": "live", "status": "Closed", "force": True, "everywhere": True},
    "another far end": {"url": "https://evil.example/", "endpoint": "https://169.254.169.254/"},
    "another time": {"now": "2036-01-01T00:00:00Z", "at": 0, "until": 1e308},
    "SQL": {"name": "x'; DROP TABLE audit_entry; --", "where": "1=1"},
    "deep and large": {"x": [[[[[[[["y"]]]]]]]], "z": "z" * 100_000},
}
# What tasks note by themselves: that they were heard, and how they found the far end.
LIVE = {"jobs_job", "sentinel_reachability"}


def rows():
    """How many rows each table has, and what its newest row is."""
    return {
        model._meta.db_table: (
            model.objects.count(),
            repr(model.objects.order_by("pk").values().last()),
        )
        for model in apps.get_models()
        if model._meta.db_table not in LIVE
    }


@pytest.mark.abuse("A31")
@pytest.mark.django_db
def test_a31_arguments_that_nobody_of_ours_sends_have_no_effect(
    make_person, noon, monkeypatch, attempts, long_abuse
):
    monkeypatch.setattr("portal.clock.unshifted", lambda: NOON)
    the_world(make_person, "gdansk")
    app.loader.import_default_modules()
    ours = [task for name, task in sorted(app.tasks.items()) if not name.startswith("celery.")]
    assert len(ours) > 15
    for task in ours:  # what is due anyway is done first
        task.run(**({"name": "here"} if task.name.endswith("note_heartbeat") else {}))
    every = {name: value for arguments in FORGED.values() for name, value in arguments.items()}
    for what, arguments in FORGED.items() if long_abuse else [("all at once", every)]:
        before = rows()
        for task in ours:
            name = {"name": "x"} if task.name.endswith("note_heartbeat") else {}
            task.run(**(arguments | name))
        after = rows()
        changed = {table for table, row in after.items() if row != before[table]}
        for task in ours:
            attempts.note((task.name, what, changed), blocked=not changed)
