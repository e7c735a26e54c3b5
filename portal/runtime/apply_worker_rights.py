"""The database role of each worker: what it may do is set after migrations, from one table.

The role of the queue `intake` is `tagout_intake`. Who takes over a worker has its password only, so
they can write no more than `portal/runtime/worker_rights.py` grants. Where the roles do not exist
nothing is done: one role for everything works, too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection, transaction
from psycopg import sql

from portal.runtime.worker_rights import PRIVATE, WORKERS, WorkerRights
from portal.runtime.worker_row_triggers import bounds_there, declared_bounds, set_row_bounds

PREFIX = "tagout_"

_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
"""
_SEQUENCES = """
SELECT t.relname, s.relname FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class t ON t.oid = d.refobjid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.deptype IN ('a', 'i') AND t.relnamespace = 'public'::regnamespace
"""
_IS_OWNER = """
SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('django_migrations')
"""
_ROLES = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
# Rights on a single column count as rights on the table: we give none, and revoking takes them too.
_GRANTED = """
SELECT c.relname, a.grantee::regrole::text, a.privilege_type
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
WHERE c.relnamespace = 'public'::regnamespace AND a.grantee::regrole::text = ANY(%(roles)s)
UNION
SELECT c.relname, a.grantee::regrole::text, a.privilege_type
FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid CROSS JOIN LATERAL aclexplode(t.attacl) a
WHERE c.relnamespace = 'public'::regnamespace AND a.grantee::regrole::text = ANY(%(roles)s)
"""
# Whatever way it came by them: from PUBLIC and as a member of another role, too.
_EFFECTIVE = """
SELECT c.relname, r.rolname, privilege
FROM pg_class c CROSS JOIN pg_roles r
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) privilege
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
    AND r.rolname = ANY(%s) AND has_table_privilege(r.oid, c.oid, privilege)
"""


class Right(NamedTuple):
    """That a role may do something with a table or a sequence."""

    relation: str
    role: str
    privilege: str


@dataclass(frozen=True, slots=True)
class _Relations:
    tables: frozenset[str]
    sequences: Mapping[str, str]  # the sequence of a table


def role_of(worker: str, *, prefix: str = PREFIX) -> str:
    """Return the name of the database role of a worker."""
    return prefix + worker


def set_worker_rights(*, prefix: str = PREFIX) -> int:
    """Give each worker's role, where there is one, exactly what is declared; return how many rights
    and bounds were given or taken away. Only the owner of the tables can: others change nothing.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        roles = _existing_roles(prefix)
        cursor.execute(_IS_OWNER)
        if not roles or cursor.fetchone() != (True,):
            return 0
        relations = _relations()
        cursor.execute(_GRANTED, {"roles": list(roles.values())})
        current = {Right(*row) for row in cursor.fetchall()}
        declared = set(_declared(roles, relations))
        for words, rights in (("REVOKE", current - declared), ("GRANT", declared - current)):
            for statement in _statements(
                words, rights, sequences=set(relations.sequences.values())
            ):
                cursor.execute(statement)
        for role in roles.values():
            cursor.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                    sql.Identifier(connection.settings_dict["NAME"]), sql.Identifier(role)
                )
            )
            cursor.execute(
                sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(role))
            )
        return len(current ^ declared) + set_row_bounds(cursor, roles)


def missing_roles(*, prefix: str = PREFIX) -> list[str]:
    """Return the roles of workers that this server does not have."""
    there = _existing_roles(prefix)
    return [role_of(worker, prefix=prefix) for worker in WORKERS if worker not in there]


def differing_rights(*, prefix: str = PREFIX) -> tuple[list[Right], list[Right]]:
    """Return the rights that workers have beyond the declared ones, in whatever way they came by
    them, and the declared ones that they lack.
    """
    roles = _existing_roles(prefix)
    declared = {right for right in _declared(roles, _relations()) if right.privilege != "USAGE"}
    with connection.cursor() as cursor:
        cursor.execute(_EFFECTIVE, [list(roles.values())])
        current = {Right(*row) for row in cursor.fetchall()}
    return sorted(current - declared), sorted(declared - current)


def differing_bounds(*, prefix: str = PREFIX) -> list[str]:
    """Return the names of the bounds on rows that are not as declared."""
    roles = _existing_roles(prefix)
    with connection.cursor() as cursor:
        there = bounds_there(cursor, roles)
    return sorted({bound.name for bound in there ^ set(declared_bounds(roles))})


def _existing_roles(prefix: str) -> dict[str, str]:
    """Return the roles that exist, by worker."""
    names = {role_of(worker, prefix=prefix): worker for worker in WORKERS}
    with connection.cursor() as cursor:
        cursor.execute(_ROLES, [list(names)])
        return {names[role]: role for (role,) in cursor.fetchall()}


def _relations() -> _Relations:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = frozenset(name for (name,) in cursor.fetchall())
        cursor.execute(_SEQUENCES)
        return _Relations(tables=tables, sequences=dict(cursor.fetchall()))


def _declared(roles: Mapping[str, str], relations: _Relations) -> Iterator[Right]:
    for worker, role in roles.items():
        for table, privileges in _privileges(WORKERS[worker], relations.tables):
            for privilege in privileges:
                yield Right(table, role, privilege)
            if "INSERT" in privileges and table in relations.sequences:
                yield Right(relations.sequences[table], role, "USAGE")


def _privileges(
    rights: WorkerRights, tables: Iterable[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for table in tables:
        written = rights.writes.get(table, "")
        privileges = {word.strip() for word in written.split(",") if word.strip()}
        readable = table not in PRIVATE if rights.reads is None else table in rights.reads
        if readable or privileges:
            yield table, frozenset(privileges | {"SELECT"})


def _statements(
    words: str, rights: Iterable[Right], *, sequences: set[str]
) -> Iterator[sql.Composed]:
    """Few statements rather than one for each right: the same privilege of many relations."""
    relations: dict[tuple[str, str, bool], list[str]] = defaultdict(list)
    for right in sorted(rights):
        relations[right.role, right.privilege, right.relation in sequences].append(right.relation)
    for (role, privilege, is_sequence), names in relations.items():
        yield sql.SQL("{} {} ON {} {} {} {}").format(
            sql.SQL(words),
            sql.SQL(privilege),
            sql.SQL("SEQUENCE" if is_sequence else "TABLE"),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL("TO" if words == "GRANT" else "FROM"),
            sql.Identifier(role),
        )
