"""What an installation may say in its environment, and what becomes of it."""

import os
import subprocess
import sys
from http.cookies import SimpleCookie

import pytest

from portal.runtime import service_urls
from tests.architecture.tree import HOME

NAMES = """
from portal import settings as s
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.DEVICE_COOKIE_NAME)
"""


def cookie_names(public_url: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", NAMES],
        cwd=HOME,
        text=True,
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ | {"PUBLIC_URL": public_url},
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("https://tagout.example", "__Host-tagout_session"),
        ("http://tagout.example", "tagout_session_80"),
        ("http://localhost:8123/", "tagout_session_8123"),
        ("http://[::1]", "tagout_session_80"),
    ],
)
def test_cookies_have_names_that_browsers_take_whatever_the_address(public_url, name):
    session, csrf, device = cookie_names(public_url)
    assert session == name
    SimpleCookie()[csrf] = SimpleCookie()[device] = "anything"  # refuses names that are none


def test_over_tls_no_other_host_of_the_domain_plants_a_cookie():
    session, csrf, device = cookie_names("https://tagout.plant.example")
    assert session.startswith("__Host-") and csrf.startswith("__Host-")
    assert device.startswith("__Secure-"), "it has a path of its own, which __Host- forbids"


def test_how_the_database_proves_itself_is_said_in_its_url(monkeypatch):
    url = "postgresql://tagout@db.example/tagout?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    monkeypatch.setenv("DATABASE_URL", url)
    options = service_urls.database()["OPTIONS"]
    assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/etc/ca.pem")


SPEAK = """
import logging.config
from portal import settings
logging.config.dictConfig(settings.LOGGING)
logging.getLogger("django").setLevel(logging.INFO)  # as Django sets it before ours is read
logging.getLogger("django.request").warning("odd")
logging.getLogger("django.request").error("broken")
logging.getLogger("portal.audit.anchors").info("head")
"""


def test_the_log_level_holds_for_django_too():
    done = subprocess.run(
        [sys.executable, "-c", SPEAK],
        cwd=HOME,
        text=True,
        check=True,
        stderr=subprocess.PIPE,
        env=os.environ | {"LOG_LEVEL": "ERROR", "LOG_FORMAT": "console"},
    )
    assert "broken" in done.stderr
    assert "odd" not in done.stderr
    assert "portal.audit.anchors: head" in done.stderr, "what is evidence is never left out"
