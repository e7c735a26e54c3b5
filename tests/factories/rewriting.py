"""Change rows that the database keeps as they were written, as only its owner can."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet


def rewrite(rows: QuerySet[Any], **columns: Any) -> None:
    """Update these rows with the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            rows.update(**columns)
        finally:
            cursor.execute("SET session_replication_role = origin")
