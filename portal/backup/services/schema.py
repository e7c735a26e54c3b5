"""The tables into which a backup's rows are loaded: made by this version's own migrations, never by
the backup.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from portal.errors import Refused

OBJECTS = """
SELECT kind, name FROM (
    SELECT CASE c.relkind WHEN 'S' THEN 2 ELSE 1 END AS turn, c.oid,
        CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
            WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind,
        c.oid::regclass::text AS name
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL SELECT 3, p.oid, 'ROUTINE', p.oid::regprocedure::text
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL SELECT 4, t.oid, 'TYPE', t.oid::regtype::text
    FROM pg_type t WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('d', 'e')
) found WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = found.oid AND d.deptype = 'e')
ORDER BY turn, kind, name
"""
TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname
"""
# Foreign keys, and indexes that carry no constraint: what is faster made after the rows are there.
DROPPED = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
        pg_get_constraintdef(oid)), 2 AS turn
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'f'
UNION ALL
SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid), 1
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
ORDER BY turn
"""
GUARDED = """
SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace ORDER BY 1
"""
# What PostgreSQL prints of an index is spelled otherwise once it was made from that: not compared.
STRUCTURE = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    || CASE WHEN convalidated THEN '' ELSE ' not valid' END
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indrelid::regclass::text, indexrelid::regclass::text,
    CASE WHEN indisunique THEN 'unique ' ELSE '' END || CASE WHEN indisvalid THEN 'valid' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'public'::regnamespace
UNION ALL SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(t.oid) || tgenabled::text
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace
"""
MIGRATIONS = MigrationRecorder.Migration._meta.db_table


class _Rebuilt(NamedTuple):
    drop: str
    make: str
    turn: int


def drop_everything() -> None:
    """Drop all tables, sequences, functions and types of the schema `public`."""
    with connection.cursor() as cursor:
        cursor.execute(OBJECTS)
        for kind, name in cursor.fetchall():
            cursor.execute(f"DROP {kind} IF EXISTS {name} CASCADE")


def make_schema(migrations: Collection[str]) -> list[str]:
    """Run exactly these migrations, which read like `audit.0002_chain`, in the caller's transaction
    and in an empty schema, and return what ran: a squashed migration instead of those that it
    replaces, where all of these are listed. Raises Refused where one needs another that is not.
    """
    executor = MigrationExecutor(connection)
    listed = _nodes_of(executor, migrations)
    graph = executor.loader.graph
    complete = executor.migration_plan(graph.leaf_nodes(), clean_start=True)
    plan = [step for step in complete if (step[0].app_label, step[0].name) in listed]
    for migration, _ in plan:
        node = graph.node_map[migration.app_label, migration.name]
        for parent in node.parents:
            if parent.key not in listed:
                raise Refused(
                    f"The backup lists the migration {migration} and not {'.'.join(parent.key)}, on"
                    " which it rests: no version of Tagout has such tables."
                )
    executor.migrate(graph.leaf_nodes(), plan=plan)
    return [str(migration) for migration, _ in plan]


def _nodes_of(executor: MigrationExecutor, migrations: Collection[str]) -> set[tuple[str, str]]:
    """Return the nodes that a graph of these migrations has, and let the executor have this graph:
    Django decides as in a database in which they were applied.
    """
    loader, recorder = executor.loader, executor.recorder
    recorder.ensure_schema()
    labels = [label.partition(".") for label in migrations]
    recorder.migration_qs.bulk_create(
        recorder.Migration(app=app, name=name) for app, _, name in labels
    )
    loader.build_graph()
    nodes = set(loader.applied_migrations) & set(loader.graph.nodes)
    recorder.flush()
    loader.applied_migrations = {}
    return nodes


def tables_of_schema() -> list[str]:
    """Return the names of all tables, in order."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return [name for (name,) in cursor.fetchall()]


@contextmanager
def emptied_for_loading() -> Iterator[None]:
    """Empty all tables for the block, without the triggers that guard and chain rows and without
    what is faster made afterwards; then everything is there again, and compared with before.
    """
    with connection.cursor() as cursor:
        before = _structure(cursor)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(DROPPED)
        rebuilt = [_Rebuilt(*row) for row in cursor.fetchall()]
        cursor.execute(GUARDED)
        guarded = [table for (table,) in cursor.fetchall()]
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for item in sorted(rebuilt, key=lambda item: -item.turn):
            cursor.execute(item.drop)
        emptied = [name for name in tables_of_schema() if name != MIGRATIONS]
        cursor.execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, emptied))}")
        yield
        for item in rebuilt:
            cursor.execute(item.make)
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        if before != _structure(cursor):
            raise Refused(
                "After loading, constraints, indexes or triggers are not what the migrations"
                " made: nothing was restored."
            )


def _structure(cursor: CursorWrapper) -> list[tuple[str, str, str]]:
    cursor.execute(STRUCTURE)
    return sorted(cursor.fetchall(), key=str)
