"""What `check --deploy` says about settings that are not fit for production."""

import pytest
from django.db import connection

from portal.checks import name_limits_that_are_not_in_force, warn_about_unsafe_settings
from portal.runtime import service_urls


@pytest.fixture(autouse=True)
def production(settings):
    settings.PUBLIC_URL = "https://tagout.plant.example"
    settings.ALLOWED_HOSTS = ["tagout.plant.example"]
    settings.DEMO = False
    settings.MAIL_FOLDER = None


def warning_ids() -> list[str | None]:
    return [warning.id for warning in warn_about_unsafe_settings(None)]


@pytest.mark.abuse("A44")
def test_production_settings_raise_no_warning():
    assert warning_ids() == []


def test_a_public_url_without_tls_is_named(settings):
    settings.PUBLIC_URL = "http://tagout.plant.example"
    assert warning_ids() == ["tagout.PUBLIC_URL"]


def test_any_host_name_is_named_also_beside_others(settings):
    settings.ALLOWED_HOSTS = ["tagout.plant.example", "*"]
    assert warning_ids() == ["tagout.ALLOWED_HOSTS.any"]


def test_the_demo_is_named(settings):
    settings.DEMO = True
    assert warning_ids() == ["tagout.TAGOUT_DEMO"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.plant.example:25", ["tagout.EMAIL_URL.tls"]),
        ("smtp://user:password@mail.plant.example:587?tls=0", ["tagout.EMAIL_URL.tls"]),
        ("smtp://user:password@mail.plant.example:587?tls=1", []),
        ("smtps://user:password@mail.plant.example", []),
        ("smtp://127.0.0.1:25", []),
        ("console://", []),
    ],
)
def test_mail_without_tls_is_named_unless_it_stays_on_the_machine(
    settings, monkeypatch, url, expected
):
    monkeypatch.setenv("EMAIL_URL", url)
    settings.MAILERS = {"default": service_urls.mailer("console://")}
    assert warning_ids() == expected


def test_a_folder_of_mails_that_everybody_can_read_is_named(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path
    assert warning_ids() == ["tagout.EMAIL_URL.folder"]


def test_limits_of_statements_that_are_in_force_raise_no_warning(db):
    assert name_limits_that_are_not_in_force(None) == []


def test_limits_that_a_pooler_has_dropped_are_named(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
    (warning,) = name_limits_that_are_not_in_force(None)
    assert warning.id == "tagout.DATABASE_URL.limits"
    assert "statement_timeout is 0 ms, not 15000" in warning.msg
    assert "lock_timeout is" not in warning.msg
