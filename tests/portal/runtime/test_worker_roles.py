"""What the database lets each worker do: the work of its tasks, and nothing beside it."""

import importlib
from functools import partial

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from portal import clock
from portal.audit.models import Entry
from portal.audit.services import record
from portal.checks import name_workers_with_other_rights_than_declared
from portal.runtime.apply_worker_rights import (
    differing_bounds,
    differing_rights,
    missing_roles,
    role_of,
    set_worker_rights,
)
from portal.runtime.worker_rights import PRIVATE, WORKERS
from portal.schedule import BUSY_QUEUES, SCHEDULE
from tests import cast
from tests.factories.incidents import make_workspace
from tests.worker_roles import PREFIX, STAGES, functions_of_workers, take_on

pytestmark = pytest.mark.django_db
INTAKE = role_of("intake", prefix=PREFIX)


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def become(db):
    """Have the session be that of a worker, as if it had signed in with its own password."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        def become(worker):
            cursor.execute(f"SET LOCAL SESSION AUTHORIZATION {role_of(worker, prefix=PREFIX)}")

        yield become
        cursor.execute("RESET SESSION AUTHORIZATION")


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rights_of(role, table):
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT privilege_type FROM pg_class CROSS JOIN LATERAL aclexplode(relacl)
               WHERE oid = %s::regclass AND grantee = %s::regrole""",
            [table, role],
        )
        return {right for (right,) in cursor.fetchall()}


def test_every_queue_and_beat_has_a_role_and_no_other():
    assert set(WORKERS) == {*BUSY_QUEUES, "beat"}
    assert set(functions_of_workers().values()) == set(BUSY_QUEUES)


def test_the_declaration_names_tables_that_exist_and_rights_that_there_are():
    tables = set(connection.introspection.table_names(include_views=True))
    for worker, rights in WORKERS.items():
        named = set(rights.writes) | set(rights.reads or ())
        assert named <= tables, worker
        words = {word for rights_text in rights.writes.values() for word in rights_text.split(", ")}
        assert words <= {"INSERT", "UPDATE", "DELETE"}, worker
    assert tables >= PRIVATE


@pytest.mark.parametrize("task", sorted({entry["task"] for entry in SCHEDULE.values()}))
def test_each_task_runs_with_the_rights_of_its_worker_alone(become, task):
    place, _, name = task.rpartition(".")
    (entry, *_) = [task_entry for task_entry in SCHEDULE.values() if task_entry["task"] == task]
    become(entry["options"]["queue"])
    getattr(importlib.import_module(place), name).run(**entry["kwargs"])


@pytest.mark.parametrize(
    ("worker", "stages"), [("intake", list(STAGES)), ("outbox", ["incoming_changes"])]
)
def test_a_worker_makes_the_stages_that_it_needs(become, worker, stages):
    execute("DISCARD TEMP")  # the suite has made them for everybody
    become(worker)
    for name in stages:
        execute(STAGES[name])
        execute(f"SELECT * FROM {name}")


FORBIDDEN = {
    "puts somebody in": "INSERT INTO accounts_user DEFAULT VALUES",
    "changes a password": "UPDATE accounts_user SET password = ''",
    "gives a role": "INSERT INTO accounts_grant DEFAULT VALUES",
    "lengthens a session": "UPDATE accounts_session SET ends_at = ends_at",
    "makes a session": "INSERT INTO accounts_session DEFAULT VALUES",
    "takes a token": "SELECT * FROM accounts_apitoken",
    "makes a token": "INSERT INTO accounts_apitoken DEFAULT VALUES",
    "signs": "INSERT INTO suppression_signature DEFAULT VALUES",
    "writes a rule": "INSERT INTO suppression_ruleversion DEFAULT VALUES",
    "gives a verdict": "INSERT INTO reviews_annotation DEFAULT VALUES",
    "lifts a stop": "DELETE FROM suppression_stop",
    "points a workspace elsewhere": "UPDATE sentinel_workspacecredential SET client_id = ''",
    "adds a workspace": "INSERT INTO sentinel_workspace DEFAULT VALUES",
    "resumes after a restore": "UPDATE backup_restore SET resumed_at = now()",
    "changes the record": "UPDATE audit_entry SET action = ''",
    "reads the head of the record": "SELECT * FROM audit_head",
    "moves the clock": "UPDATE jobs_clockoffset SET seconds = 1",
    "hides a migration": "DELETE FROM django_migrations",
}
OF_ONE = [
    ("intake", "UPDATE suppression_ruleversion SET state = state"),
    ("intake", "SELECT password FROM accounts_user"),
    ("intake", "SELECT * FROM suppression_ruleversion"),
    ("intake", "INSERT INTO outbox_wantedrule DEFAULT VALUES"),
    ("intake", "SELECT data FROM captures_capturepart"),
    ("outbox", "UPDATE suppression_ruleversion SET state = state"),
    ("bulk", "INSERT INTO suppression_ledgerentry DEFAULT VALUES"),
    ("bulk", "UPDATE suppression_ledgerentry SET text = ''"),
    ("bulk", "UPDATE sentinel_workspace SET capabilities = '{}'"),
    ("outbox", "UPDATE sentinel_workspace SET capabilities = '{}'"),
    ("outbox", "INSERT INTO suppression_ledgerentry DEFAULT VALUES"),
    ("outbox", "INSERT INTO outbox_wantedrule DEFAULT VALUES"),
    ("deployments", "INSERT INTO suppression_backtestrun DEFAULT VALUES"),
    ("deployments", "UPDATE outbox_change SET state = state"),
    ("notify", "UPDATE incidents_incident SET title = ''"),
    ("notify", "SELECT * FROM incidents_incident"),
    ("notify", "INSERT INTO notifications_mail DEFAULT VALUES"),
    ("notify", "INSERT INTO audit_entry DEFAULT VALUES"),
    ("captures", "UPDATE incidents_incident SET title = ''"),
    ("captures", "INSERT INTO captures_capture DEFAULT VALUES"),
    ("captures", "SELECT * FROM notifications_mail"),
    *((worker, "SELECT * FROM accounts_session") for worker in sorted({*WORKERS} - {"bulk"})),
    ("beat", "SELECT * FROM incidents_incident"),
    ("beat", "UPDATE jobs_job SET state = state"),
]


@pytest.mark.parametrize("worker", WORKERS)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_worker_does_what_people_do(become, worker, what):
    become(worker)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        execute(FORBIDDEN[what])


@pytest.mark.parametrize(("worker", "statement"), OF_ONE)
def test_a_worker_does_not_do_the_work_of_another(become, worker, statement):
    become(worker)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        execute(statement)


def test_a_function_that_a_task_calls_runs_with_the_rights_of_its_worker_in_all_tests(monkeypatch):
    from portal.notifications import services

    def ask():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            asked.append(cursor.fetchone()[0])
        return True

    asked: list[str] = []
    monkeypatch.setattr(services, "is_paused_after_restore", ask)
    services.send_one_mail(now=clock.now())
    with take_on("outbox"):
        services.send_one_mail(now=clock.now())
        ask()
    ask()
    outside = connection.get_connection_params()["user"]
    roles = [role_of(worker, prefix=PREFIX) for worker in ("notify", "outbox", "outbox")]
    assert asked == [*roles, outside]


def test_the_record_names_the_worker_that_wrote(become):
    workspace = make_workspace()
    become("intake")
    with transaction.atomic():
        record("intake.scope.applied", on=workspace, by="intake", at=clock.now())
    execute("RESET SESSION AUTHORIZATION")
    assert Entry.objects.latest("seq").written_by == INTAKE


def test_what_was_granted_by_hand_is_told_and_taken_away(settings, monkeypatch):
    settings.EMBEDDED = False
    for function in (differing_bounds, differing_rights, missing_roles):
        monkeypatch.setattr(f"portal.checks.{function.__name__}", partial(function, prefix=PREFIX))
    assert name_workers_with_other_rights_than_declared(None) == []
    assert set_worker_rights(prefix=PREFIX) == 0
    execute(f"GRANT ALL ON suppression_signature TO {INTAKE}")
    execute(f"GRANT UPDATE (name) ON accounts_user TO {INTAKE}")
    execute(f"REVOKE SELECT ON sentinel_workspace FROM {INTAKE}")
    assert differing_rights(prefix=PREFIX)[1] == [("sentinel_workspace", INTAKE, "SELECT")]
    (warning,) = name_workers_with_other_rights_than_declared(None)
    assert f"lack rights: SELECT in sentinel_workspace ({INTAKE})." in warning.msg
    assert f"have needless rights: DELETE in suppression_signature ({INTAKE})" in warning.msg
    assert set_worker_rights(prefix=PREFIX) > 3
    assert rights_of(INTAKE, "suppression_signature") == set()
    assert differing_rights(prefix=PREFIX) == ([], [])
    assert set_worker_rights(prefix=PREFIX) == 0


def test_rights_that_come_with_another_role_are_told(become):
    execute("CREATE ROLE tagout_tests_all")
    execute("GRANT DELETE ON sites_zone TO tagout_tests_all")
    execute(f"GRANT tagout_tests_all TO {INTAKE}")
    assert differing_rights(prefix=PREFIX) == ([("sites_zone", INTAKE, "DELETE")], [])


def test_workers_without_roles_are_named(settings, monkeypatch):
    settings.EMBEDDED = False
    absent = partial(missing_roles, prefix="tagout_nowhere_")
    monkeypatch.setattr("portal.checks.missing_roles", absent)
    monkeypatch.setattr("portal.checks.differing_rights", lambda: ([], []))
    monkeypatch.setattr("portal.checks.differing_bounds", lambda: [])
    (warning,) = name_workers_with_other_rights_than_declared(None)
    assert "tagout_nowhere_intake, tagout_nowhere_outbox" in warning.msg


def test_who_does_not_own_the_tables_changes_no_right(become):
    execute(f"GRANT DELETE ON sites_zone TO {INTAKE}")
    become("bulk")
    assert set_worker_rights(prefix=PREFIX) == 0


def test_migrate_sets_the_rights_and_a_look_at_the_plan_does_not(monkeypatch, capsys):
    monkeypatch.setattr(
        "portal.jobs.management.commands.migrate.set_worker_rights",
        partial(set_worker_rights, prefix=PREFIX),
    )
    execute(f"GRANT DELETE ON sites_zone TO {INTAKE}")
    call_command("migrate", plan=True)
    call_command("migrate", check_unapplied=True)
    assert rights_of(INTAKE, "sites_zone") == {"SELECT", "INSERT", "DELETE"}
    call_command("migrate")
    assert rights_of(INTAKE, "sites_zone") == {"SELECT", "INSERT"}
    assert (
        "Rights of the workers' database roles: 1 given or taken away." in capsys.readouterr().out
    )


@pytest.mark.parametrize("worker", ["intake", "deployments"])
@pytest.mark.parametrize(
    "column",
    [
        "authority",
        "ca_bundle",
        "client_id",
        "endpoint",
        "graph_endpoint",
        "logs_endpoint",
        "name",
        "ot_scope",
        "secret_env",
        "source",
        "state",
        "tenant_id",
        "uuid",
    ],
)
def test_no_worker_sends_what_is_secret_elsewhere(workspace, become, worker, column):
    value = "gen_random_uuid()" if column == "uuid" else "'other'"
    become(worker)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        execute(f"UPDATE sentinel_workspace SET {column} = {value}")
    execute("UPDATE sentinel_workspace SET capabilities = capabilities")


@pytest.mark.parametrize(
    ("worker", "own", "other"),
    [("intake", "analytics_rules", "rules"), ("deployments", "rules", "analytics_rules")],
)
def test_a_worker_says_of_a_workspace_only_what_it_has_read(workspace, become, worker, own, other):
    """Whose titles prove a type is not said by who probes automation rules, nor the reverse."""
    execute('UPDATE sentinel_workspace SET capabilities = \'{"rules": 1, "analytics_rules": 1}\'')
    become(worker)
    for change in (
        f"capabilities || '{{\"{other}\": 2}}'",
        f"capabilities - '{other}'",
        f"'{{\"{own}\": 1}}'",
        "capabilities || '{\"another\": 2}'",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            execute(f"UPDATE sentinel_workspace SET capabilities = {change}")
    execute(f"UPDATE sentinel_workspace SET capabilities = capabilities || '{{\"{own}\": 2}}'")


LABELS = [
    cast.ADA.name,
    cast.ADA.name.lower(),
    cast.ADA.email,
    f"{cast.ADA.name}, with the token x",
]


ENTER = """
INSERT INTO audit_entry
    (at, actor_label, action, object_type, object_id, object_label, details, request_id)
    VALUES (clock_timestamp(), '{label}', '{action}', 'x', '1', 'x', '{{}}', '')
"""


def enter(label, action="incidents.incident.closed"):
    with transaction.atomic():
        execute(ENTER.format(label=label, action=action))


@pytest.mark.parametrize("worker", ["intake", "outbox", "deployments", "bulk", "captures"])
@pytest.mark.parametrize("label", LABELS)
def test_no_worker_writes_in_the_record_under_the_name_of_a_person(
    make_person, become, worker, label
):
    make_person(cast.ADA)
    become(worker)
    with pytest.raises(DatabaseError, match="names a person by their account"):
        enter(label)
    enter("R-12")
    enter("outbox")


@pytest.mark.parametrize("worker", ["intake", "outbox", "deployments", "bulk", "captures"])
@pytest.mark.parametrize(
    "action",
    [
        "suppression.rule.signed",
        "suppression.signature.refused",
        "suppression.switch.on",
        "automation.consent.given",
        "automation.playbook.run",
        "reviews.verdict.given",
        "accounts.role.granted",
        "backup.restore.resumed",
        "outbox.change.retried",
    ],
)
def test_no_worker_puts_on_record_what_only_people_do(become, worker, action):
    become(worker)
    with pytest.raises(DatabaseError, match="permission denied"):
        enter("Tagout", action)


def test_a_bound_that_was_taken_away_is_told_and_comes_back(settings, monkeypatch):
    settings.EMBEDDED = False
    for function in (differing_bounds, differing_rights, missing_roles):
        monkeypatch.setattr(f"portal.checks.{function.__name__}", partial(function, prefix=PREFIX))
    name = f"{role_of('bulk', prefix=PREFIX)}_adds_to_outbox_change"
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(f"DROP TRIGGER {name} ON outbox_change")
    (warning,) = name_workers_with_other_rights_than_declared(None)
    assert name in warning.msg
    assert set_worker_rights(prefix=PREFIX) == 1
    assert name_workers_with_other_rights_than_declared(None) == []
    assert set_worker_rights(prefix=PREFIX) == 0
