"""A column that PostgreSQL works out from others of its row."""

from typing import Any, override

from django.core.checks import CheckMessage
from django.db import models


class StoredColumn(models.GeneratedField):
    """Every PostgreSQL that Tagout runs on can store one. Django would ask the database whether it
    can at each `check`, which also runs where there is none.
    """

    @override
    def deconstruct(self) -> Any:
        name, _, args, named = super().deconstruct()
        return name, "django.db.models.GeneratedField", args, named

    def _check_supported(self, databases: object) -> list[CheckMessage]:
        return []
