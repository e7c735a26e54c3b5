"""What a worker's tasks do is done with the rights of that worker's database role, in every test.

Each function that a task calls is replaced, wherever tests and code have imported it, by one that
takes the role on for as long as it runs. So a test of a worker fails with "permission denied" where
the worker needs a right that `portal/runtime/worker_rights.py` does not give. The audit trigger and
`written_by` look at the session, which stays that of the suite: tests date entries as they like.
"""

import fcntl
import functools
import importlib
import pkgutil
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.pq import TransactionStatus

from alerts.incidents.ingest import alert_rows, entities, incident_details, store
from portal.runtime.apply_worker_rights import missing_roles, role_of, set_worker_rights
from portal.schedule import SCHEDULE
from tests.servers import execute_outside

PREFIX = "tagout_tests_"
STAGES = {
    "incoming_changes": store._STAGE,
    "incoming_alerts": alert_rows.TEMP_TABLE,
    "incoming_entities": entities.TEMP_TABLE,
    "incoming_details": incident_details.TEMP_TABLE,
}
MAX_STAGES = 2**20  # bytes that rolled back rows may take before a look at all rows costs
_STAGES_THERE = """
SELECT count(*), sum(pg_relation_size(oid)) FROM pg_class
WHERE relnamespace = pg_my_temp_schema() AND relname = ANY(%s) AND relacl IS NOT NULL
"""
_OURS = ("alerts", "portal", "training", "tests")


def functions_of_workers() -> dict[FunctionType, str]:
    """Return the services that tasks of one worker call, each with that worker; of intake, whose
    pieces tests call one by one, all.
    """
    callers: dict[FunctionType, set[str]] = defaultdict(set)
    for entry in SCHEDULE.values():
        place, _, name = entry["task"].rpartition(".")
        run = getattr(importlib.import_module(place), name).run
        for called in filter(_is_service, map(run.__globals__.get, _names_in(run.__code__))):
            callers[called].add(entry["options"]["queue"])
    queue_of = {called: min(queues) for called, queues in callers.items() if len(queues) == 1}
    services = importlib.import_module("alerts.intake.services")
    for info in pkgutil.iter_modules(services.__path__, f"{services.__name__}."):
        module = importlib.import_module(info.name)
        public = [value for name, value in vars(module).items() if not name.startswith("_")]
        own = [value for value in public if getattr(value, "__module__", "") == info.name]
        queue_of |= dict.fromkeys(filter(_is_service, own), "intake")
    return queue_of


def _names_in(code: CodeType) -> Iterator[str]:
    """The names that a function uses, those inside its lambdas included."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names_in(inner)


def _is_service(value: object) -> bool:
    return isinstance(value, FunctionType) and ".services" in value.__module__


_taken = threading.local()  # as connections are
_prepared: set[str] = set()  # the test database, in which the rights were set once


@contextmanager
def take_on(worker: str) -> Iterator[None]:
    """Give the default connection the rights of a worker's role, unless it has one's already."""
    if getattr(_taken, "worker", None):
        yield
        return
    connection.ensure_connection()
    if connection.settings_dict["NAME"] not in _prepared:
        set_worker_rights(prefix=PREFIX)  # a test made this database, or restored a backup into it
    have_stages()
    _execute(f"SET ROLE {role_of(worker, prefix=PREFIX)}")
    _taken.worker = worker
    try:
        yield
    finally:
        _taken.worker = None
        _execute("RESET ROLE")


def have_stages() -> None:
    """Have the stages of intake on this connection, for whatever role: to make four tables, which
    the end of a test takes away, costs the server more than all that a test does with them. That
    each worker can make its own is a test of its own (`test_worker_roles.py`).
    """
    link = connection.connection
    if not link or link.closed or link.info.transaction_status == TransactionStatus.INERROR:
        return
    (there, size) = link.execute(_STAGES_THERE, [list(STAGES)]).fetchone()
    if there < len(STAGES):
        for name, statement in STAGES.items():
            link.execute(f"{statement}; GRANT ALL ON {name} TO PUBLIC")
    elif size > MAX_STAGES and link.info.transaction_status == TransactionStatus.IDLE:
        link.execute(f"TRUNCATE {', '.join(STAGES)}")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Between tests no transaction is open, mostly: what is made now stays."""
    yield
    if (
        _prepared
        and not connection.in_atomic_block
        and connection.settings_dict["NAME"] in _prepared
    ):
        have_stages()


@contextmanager
def as_another_process() -> Iterator[None]:
    """Act as the whole suite may, while a worker whose role was taken on is in the middle."""
    worker = _taken.worker
    _execute("RESET ROLE")
    try:
        yield
    finally:
        _execute(f"SET ROLE {role_of(worker, prefix=PREFIX)}")


@contextmanager
def without_triggers() -> Iterator[None]:
    """Write as somebody who has the whole database: no trigger and no foreign key is asked."""
    connection.ensure_connection()
    _execute("SET session_replication_role = replica")
    try:
        yield
    finally:
        _execute("SET session_replication_role = origin")


def _execute(statement: str) -> None:
    """Past Django, whose queries are counted. A failed transaction takes the role back itself."""
    link = connection.connection
    if link and not link.closed and link.info.transaction_status != TransactionStatus.INERROR:
        link.execute(statement)


def _with_role(function: Callable[..., Any], worker: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*words: Any, **options: Any) -> Any:
        with take_on(worker):
            return function(*words, **options)

    return run


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """All modules of the run are there now: replace the functions in each."""
    replacements = {
        id(function): _with_role(function, to) for function, to in functions_of_workers().items()
    }
    for module in list(sys.modules.values()):
        for name, value in _globals_of(module):
            if id(value) in replacements:
                setattr(module, name, replacements[id(value)])


def _globals_of(module: ModuleType) -> Iterator[tuple[str, object]]:
    if getattr(module, "__name__", "").split(".")[0] in _OURS:
        yield from list(vars(module).items())


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """The roles are there, with their rights in this test database."""
    with django_db_blocker.unblock():
        make_roles()


def make_roles() -> None:
    """Make the roles where they are missing; the cluster keeps them from run to run."""
    with (settings.DATA_DIR / "roles.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for role in missing_roles(prefix=PREFIX):
            execute_outside(sql.SQL("CREATE ROLE {}"), role)
    set_worker_rights(prefix=PREFIX)
    _prepared.add(connection.settings_dict["NAME"])
