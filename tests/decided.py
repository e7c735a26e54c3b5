"""Rows of desired state that nobody has decided: for tests of delivery, and of who forges."""

import copy
import json

from django.db import connection

from alerts.outbox import registry
from alerts.outbox.models import RuleKind
from tests.worker_roles import without_triggers


def allow_every_row(monkeypatch):
    """As if whatever is owed had been signed, and nothing had to wait."""
    monkeypatch.setattr(registry, "_rule_waits", [])
    monkeypatch.setattr(registry, "_rule_checks", dict.fromkeys(RuleKind, lambda row, *, now: ""))


def forge_row(row, **columns):
    """Write over what is wanted, as somebody who has the whole database."""
    owed = {"outcome": "", "state": "waiting", "wanted_version": row.wanted_version + 1}
    values = owed | columns
    values = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in values.items()}
    changes = ", ".join(f"{name} = %s" for name in values)
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE outbox_wantedrule SET {changes} WHERE id = %s", [*values.values(), row.pk]
        )


def changed(body, **parts):
    """The body with these members changed; `logic` and `configuration` go into their places."""
    body = copy.deepcopy(body)
    body["triggeringLogic"] |= parts.pop("logic", {})
    body["actions"][0]["actionConfiguration"] |= parts.pop("configuration", {})
    return body | parts
