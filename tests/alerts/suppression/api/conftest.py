"""Programs and signed-in people who ask about rules."""

from types import SimpleNamespace

import pytest
from django.test import Client

from alerts.rules.rule import as_json
from tests.conftest import NOON
from tests.factories import rules
from tests.program import Program
from tests.reuse import reuse_rows


@reuse_rows
def tokens(people):
    """One for each, which may do all that its owner may."""
    return SimpleNamespace(
        **{name: Program(who) for name, who in vars(people).items() if name != "ada"}
    )


@pytest.fixture
def programs(tokens, noon):
    """A program of each."""
    return tokens


@pytest.fixture
def signed_in(noon):
    """`signed_in(leo)` asks as the person at the pages; `proved_at` is when they proved it."""

    def post(person, path, body=None, *, proved_at=NOON, **headers):
        client = Client()
        client.force_login(person)
        session = client.session
        session["proved_at"] = proved_at and proved_at.isoformat()
        session.save()
        return client.post(
            f"/api/v1/{path}",
            body or {},
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    return post


@pytest.fixture
def body():
    """The rule of the story as a program sends it, with changes."""
    return lambda **changes: {"rule": as_json(rules.downloads()) | changes}


@pytest.fixture
def signature(proposal):
    """What a SOC lead says who has looked at everything."""
    return {
        "side": "soc",
        "hash": proposal.rule_hash,
        "note": "Seen with Oda on site.",
        "checked_evidence": True,
    }
