"""Which rows a worker adds to a table, and what it makes of those that are there, where rights by
table are too wide: `rows` and `changes` in `portal/runtime/worker_rights.py`, held by a trigger for
each worker and table.

A trigger and not row-level security: that would hide rows from backups, whose role is not the
owner's. The condition is checked for the role that writes, so the one role of a small installation
and web's are not asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from portal.runtime.worker_rights import WORKERS

_THERE = """
SELECT t.tgname, c.relname, p.prosrc FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = 'public'::regnamespace AND t.tgenabled = 'O'
    AND EXISTS (
        SELECT FROM unnest(%s::text[]) role WHERE t.tgname LIKE role || '\\_adds\\_to\\_%%'
            OR t.tgname LIKE role || '\\_changes\\_%%')
"""
_ADDS, _CHANGES = "_adds_to_", "_changes_"
_BODY = """
BEGIN
    IF (%s) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'permission denied: %% %s %%', current_user, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END """


@dataclass(frozen=True, slots=True, order=True)
class RowBound:
    """The trigger that bounds what a role adds to a table or changes there; its function has the
    same name.
    """

    name: str
    table: str
    source: str


def set_row_bounds(cursor: CursorWrapper, roles: Mapping[str, str]) -> int:
    """Have the declared bounds are there and no others; return how many changed. `roles` are those
    that exist, by worker.
    """
    there, declared = bounds_there(cursor, roles), set(declared_bounds(roles))
    for bound in sorted(there - declared):
        cursor.execute(
            sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(
                sql.Identifier(bound.name), sql.Identifier(bound.table)
            )
        )
    by_start = {f"{role}{verb}": role for role in roles.values() for verb in (_ADDS, _CHANGES)}
    for bound in sorted(declared - there):
        role = next(role for start, role in by_start.items() if bound.name.startswith(start))
        for statement in _statements(bound, role):
            cursor.execute(statement)
    return len(there ^ declared)


def bounds_there(cursor: CursorWrapper, roles: Mapping[str, str]) -> set[RowBound]:
    """The bounds that are in the database for these roles."""
    cursor.execute(_THERE, [list(roles.values())])
    return {RowBound(*row) for row in cursor.fetchall()}


def declared_bounds(roles: Mapping[str, str]) -> Iterator[RowBound]:
    """The bounds that this version declares."""
    for worker, role in roles.items():
        rights = WORKERS[worker]
        for table, condition in rights.rows.items():
            yield RowBound(f"{role}{_ADDS}{table}", table, _body(condition, "adds no such row to"))
        for table, condition in rights.changes.items():
            source = _body(condition, "makes no such change in")
            yield RowBound(f"{role}{_CHANGES}{table}", table, source)


def _body(condition: str, what: str) -> str:
    return _BODY % (" ".join(condition.split()), what)


def _statements(bound: RowBound, role: str) -> Iterator[sql.Composed]:
    name, table = sql.Identifier(bound.name), sql.Identifier(bound.table)
    event = sql.SQL("INSERT" if bound.name.startswith(f"{role}{_ADDS}") else "UPDATE")
    yield sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(name, table)
    yield sql.SQL(
        "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql"
        " SET search_path = public, pg_temp AS {}"
    ).format(name, sql.Literal(bound.source))
    yield sql.SQL(
        "CREATE TRIGGER {} BEFORE {} ON {} FOR EACH ROW WHEN (current_user = {})"
        " EXECUTE FUNCTION {}()"
    ).format(name, event, table, sql.Literal(role), name)
