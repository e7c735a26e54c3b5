"""Empty the database after a test that committed, without touching what is empty already.

Django's flush truncates every table after every such test. PostgreSQL needs a third of a second
for that, mostly for tables in which nothing was: here those that have rows are asked for first.
"""

from django.db import connection, transaction


class Emptying:
    """Knows the tables of a fresh database, and how many rows migrations left in which."""

    def __init__(self) -> None:
        self.tables = sorted(connection.introspection.django_table_names(only_existing=True))
        with connection.cursor() as cursor:
            self.kept = {table: _rows(cursor, table) for table in self._filled(cursor)}

    def empty(self) -> None:
        """Empty all but what migrations wrote, which no test may change.

        Who still writes is waited for, as by TRUNCATE. In the role of a replica the server checks
        no foreign keys, which point nowhere afterwards, and lets the audit record be deleted.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {', '.join(map(_quoted, self.tables))} IN EXCLUSIVE MODE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in self._filled(cursor):
                if table not in self.kept:
                    cursor.execute(f"DELETE FROM {_quoted(table)}")
            left = {table: _rows(cursor, table) for table in self.kept}
        assert left == self.kept, "A test changed rows that migrations made: have it put them back."

    def _filled(self, cursor) -> list[str]:
        has_rows = ", ".join(f"EXISTS (SELECT FROM {_quoted(table)})" for table in self.tables)
        cursor.execute(f"SELECT {has_rows}")
        rows = zip(self.tables, cursor.fetchone(), strict=True)
        return [table for table, filled in rows if filled]


def _rows(cursor, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {_quoted(table)}")
    return cursor.fetchone()[0]


def _quoted(table: str) -> str:
    return connection.ops.quote_name(table)
