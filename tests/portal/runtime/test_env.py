"""Settings: what is malformed is one sentence that names it; what is empty was not given."""

from pathlib import Path

import pytest

from portal.errors import Misconfigured
from portal.runtime import env, service_urls
from portal.runtime.secret import local_secret


def log_level():
    return env.choice("LOG_LEVEL", "INFO", env.LEVELS)


def test_a_file_may_hold_a_value_and_one_that_is_empty_gives_way_to_it(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("SECRET_KEY", "")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    assert env.text("SECRET_KEY") == "from the file"


def test_what_is_set_to_nothing_has_its_default(monkeypatch):
    monkeypatch.setenv("LOG_FORMAT", "")
    monkeypatch.delenv("LOG_FORMAT_FILE", raising=False)
    assert env.choice("LOG_FORMAT", "json", ("json", "console")) == "json"


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"])
def test_a_file_without_a_value_in_it_is_named(monkeypatch, tmp_path, content):
    (tmp_path / "secret").write_bytes(content)
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(Misconfigured, match=r"SECRET_KEY_FILE names .*secret"):
        env.text("SECRET_KEY", "")


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("DATABASE_URL", "postgresql://localhost", service_urls.database),
        ("DATABASE_URL", "postgresql://localhost/", service_urls.database),
        ("DATABASE_URL", "postgresql://localhost/x?sslmode=maybe", service_urls.database),
        ("DATABASE_URL", "postgresql://localhost/x?connect_timeout=60", service_urls.database),
        (
            "DATABASE_URL",
            "postgresql://localhost/x?sslmode=allow&options=",
            service_urls.database,
        ),
        ("REDIS_URL", "redis://localhost/0?socket_timeout=60", service_urls.broker),
        ("REDIS_URL", "redis://localhost/0?ssl_ca_certs=/ca.pem", service_urls.broker),
        ("EMAIL_URL", "smtp://localhost?timeout=60", lambda: service_urls.mailer("")),
        ("STATEMENT_TIMEOUT_MS", "-1", service_urls.database),
        ("STATEMENT_TIMEOUT_MS", "9999999999", service_urls.database),
        ("LOCK_TIMEOUT_MS", "½", service_urls.database),
        ("REDIS_URL", "localhost:6379", service_urls.broker),
        ("REDIS_URL", "http://localhost/", service_urls.broker),
        ("REDIS_URL", "redis://localhost:port/0", service_urls.broker),
        ("REDIS_URL", "redis://", service_urls.broker),
        ("REDIS_URL", "redis://localhost/first", service_urls.broker),
        ("PUBLIC_URL", "https://", service_urls.public_url),
        ("PUBLIC_URL", "tagout.example", service_urls.public_url),
        ("LOG_LEVEL", "LOUD", log_level),
        ("SENTINEL_API_VERSIONS", "2026-01-01", lambda: env.pairs("SENTINEL_API_VERSIONS")),
        ("EMAIL_URL", "file://", lambda: service_urls.mailer("")),
        ("EMAIL_FROM", "Tagout", service_urls.sender),
        ("EMAIL_FROM", "Tagout <a@b.example>\nBcc: c@d.example", service_urls.sender),
    ],
)
def test_what_is_malformed_is_one_sentence_that_names_the_setting(monkeypatch, name, value, read):
    for variable in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "EMAIL_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as wrong:
        read()
    assert str(wrong.value).startswith(name)
    assert "\n" not in str(wrong.value)


def test_thelog_level_may_be_in_small_letters(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "warning")
    assert log_level() == "WARNING"


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="DATA_DIR"):
        local_secret(tmp_path / "file" / "below" / Path("secret-key"))


def test_a_parameter_of_a_url_that_means_nothing_is_named_with_those_that_do(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/x?target_session_attrs=any")
    with pytest.raises(Misconfigured) as wrong:
        service_urls.database()
    assert "'target_session_attrs'" in str(wrong.value)
    assert "sslmode, sslrootcert, sslcert, sslkey" in str(wrong.value)


def test_a_part_of_a_password_is_not_repeated_as_if_it_were_a_parameter(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://localhost/0?hunter2Canary")
    with pytest.raises(Misconfigured) as wrong:
        service_urls.broker()
    assert "hunter2" not in str(wrong.value)


def test_a_database_that_cannot_be_reached_is_given_up_soon(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/x")
    options = service_urls.database()["OPTIONS"]
    expected = {
        "connect_timeout": 5,
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
    assert expected.items() <= options.items()
    assert "-c idle_in_transaction_session_timeout=90000" in str(options["options"])
    assert "-c tcp_keepalives_idle=10" in str(options["options"])
