"""Rows of desired state that nobody has decided: for tests of delivery, and of who forges."""

import copy
import json
from dataclasses import replace

from django.db import connection

from alerts.outbox.models import RuleKind
from alerts.outbox.registry import RuleHandling
from tests.worker_roles import without_triggers


def allow_every_row(monkeypatch):
    """As if whatever is owed had been signed, and nothing had to wait."""
    handlings = [replace(entry, check=_allow, wait=None) for entry in RuleHandling.entries]
    assert {entry.kind for entry in handlings} == {*RuleKind}
    monkeypatch.setattr(RuleHandling, "entries", handlings)


def _allow(row, *, now):
    return ""


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
