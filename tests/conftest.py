"""What every test may use: a still clock, the cast, the database with its triggers.

Sam, Leo, Mia and Ada hold their role everywhere here; folders whose tests need them at one place
have fixtures of the same names.
"""

import gc
from datetime import UTC, datetime

import pytest
from django.core.servers.basehttp import WSGIRequestHandler
from django.template import Template
from django.test import TransactionTestCase
from django.test.utils import instrumented_test_render
from django.utils import translation
from hypothesis import HealthCheck, settings

from tests import cast
from tests.emptying import Emptying
from tests.reuse import reuse_rows

# The suite draws the same examples every time, so that red means the change; `make hunt` draws new
# ones. A machine that is busy elsewhere is no finding.
PATIENT = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("suite", PATIENT, derandomize=True)
settings.register_profile("hunt", PATIENT, print_blob=True)
settings.load_profile("suite")


def examples(n: int, *, hunted: int) -> int:
    """How many a dear property looks at: `n` in every run, `hunted` in `make hunt`."""
    return hunted if settings.get_current_profile_name() == "hunt" else n


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What was imported and collected stays to the end: looking for garbage among it, again and
    again, is a fifteenth of what a test costs. The conftest above has switched it off so far.
    """
    yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


RENDER = Template._render  # as it is before Django's test environment replaces it


@pytest.fixture(scope="session", autouse=True)
def render_as_in_production(django_test_environment):
    """Copying the context of each piece of a page for the test client is a tenth of what the page
    costs. A test that reads `answer.context` asks for `keep_contexts`.
    """
    Template._render = RENDER


@pytest.fixture
def wired(monkeypatch):
    """`wired(Finder, …)`: in this test, these are all contributions of a kind."""
    return lambda kind, *entries: monkeypatch.setattr(kind, "entries", entries)


@pytest.fixture
def keep_contexts(monkeypatch):
    """Answers carry the contexts of their templates."""
    monkeypatch.setattr(Template, "_render", instrumented_test_render)


@pytest.fixture(autouse=True)
def reset_language():
    """A page that was read in German leaves no later test in German."""
    yield
    translation.deactivate()


@pytest.fixture
def noon(monkeypatch) -> datetime:
    """Business time stands still at noon UTC on a Tuesday."""
    monkeypatch.setattr("portal.clock.now", lambda: NOON)
    return NOON


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tests that commit end with an emptied database, faster than by Django's flush."""
    with django_db_blocker.unblock():
        emptying = Emptying()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: emptying.empty())
        yield


@pytest.fixture(scope="session")
def live_server(live_server):
    """It sends at once; else the body of an answer waits 40 ms for the receipt of its head."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)
        yield live_server


def add_person(person: cast.Person, *grants):
    from portal.accounts.models import User
    from portal.accounts.services.people import grant_role

    user = User.objects.create_user(person.email, person.name, "correct horse battery")
    for role, scope, uuid in grants:
        grant_role(to=user, role=role, scope=scope, scope_uuid=uuid, by="tests", now=NOON)
    return user


@pytest.fixture
def make_person(db):
    """`make_person(cast.ODA, (role, scope kind, scope uuid), …)` adds one of the cast."""
    return add_person


@reuse_rows
def sam(db):
    return add_person(cast.SAM, ("soc-analyst", "all", None))


@reuse_rows
def leo(db):
    return add_person(cast.LEO, ("soc-lead", "all", None))


@reuse_rows
def mia(db):
    return add_person(cast.MIA, ("manager", "all", None))


@reuse_rows
def ada(db):
    return add_person(cast.ADA, ("administrator", "all", None))
