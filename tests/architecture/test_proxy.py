"""The proxy of the compose file: its start fills in nginx.conf and hands on what nginx says."""

import json
import re
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from django.conf import settings

from tests.architecture.tree import HOME

_spec = spec_from_file_location("start", HOME / "docker/proxy/start.py")
start = module_from_spec(_spec)
_spec.loader.exec_module(start)


@pytest.fixture
def environment(tmp_path):
    for name in ("certificate", "key"):
        (tmp_path / name).write_text("-----BEGIN\n")
    return {
        "PUBLIC_URL": "https://tagout.plant.example/",
        "CAPTURE_MAX_MB": "25",
        "TLS_CERTIFICATE_FILE": str(tmp_path / "certificate"),
        "TLS_KEY_FILE": str(tmp_path / "key"),
    }


def test_the_configuration_is_filled_in(environment):
    text = start.configuration(environment)
    assert not re.search(r"\b(PUBLIC_URL|CERTIFICATE|KEY|MAX_REQUEST_MB)", text)
    assert "return 301 https://tagout.plant.example$request_uri;" in text
    assert f"ssl_certificate {environment['TLS_CERTIFICATE_FILE']};" in text


def test_what_the_application_refuses_as_too_large_reaches_it(environment):
    allowed = re.search(r"client_max_body_size (\d+)m;", start.configuration(environment))
    assert settings.CAPTURE_MAX_MB == 25
    assert int(allowed[1]) * 1024 * 1024 > settings.MAX_REQUEST_BYTES


def test_the_proxy_says_itself_who_asks_by_which_name_and_how(environment):
    text = start.configuration(environment)
    for header in (
        "Host $http_host",
        "X-Forwarded-Proto https",
        "X-Forwarded-For $proxy_add_x_forwarded_for",
    ):
        assert f"proxy_set_header {header};" in text
    for deadline in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        assert re.search(rf"{deadline} [12]?\ds;", text)
    assert "proxy_request_buffering off" not in text
    assert "proxy_buffering off" not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"PUBLIC_URL": "http://tagout.plant.example"}, "PUBLIC_URL is 'http://tagout"),
        ({"PUBLIC_URL": "https://tagout/portal;evil"}, "needs https:// and a name"),
        ({"CAPTURE_MAX_MB": "many"}, "use a whole number"),
        ({"TLS_KEY_FILE": "/dev/null"}, "fill in both, or none"),
    ],
)
def test_what_is_wrong_is_one_sentence(environment, change, message):
    with pytest.raises(start.Misconfigured, match=re.escape(message)):
        start.configuration(environment | change)


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        (b"2026/11/27 15:15:28 [notice] 7#7: start worker 11\n", "INFO", "start worker 11"),
        (
            b'2026/11/27 15:15:28 [error] 7#7: *1 no "x"\x1b[2K\xff',
            "ERROR",
            '*1 no "x"\x1b[2K\ufffd',
        ),
        (b"nginx: [emerg] cannot load certificate\n", "CRITICAL", "cannot load certificate"),
        (b"something else\n", "INFO", "something else"),
    ],
)
def test_every_line_of_nginx_becomes_json(capsys, line, level, message):
    start.as_json(line)
    entry = json.loads(capsys.readouterr().out)
    assert (entry["level"], entry["message"]) == (level, message)


def test_lines_of_requests_stay_json_whatever_stands_in_them(capsys):
    start.as_json(b'{"path":"/\xff"}\n')
    assert json.loads(capsys.readouterr().out) == {"path": "/\ufffd"}


def test_what_the_proxy_says_while_web_is_away_is_a_page_or_a_problem():
    problem = json.loads((HOME / "docker/proxy/away.json").read_text())
    assert problem["status"] == 503
    assert 'lang="de"' in (HOME / "docker/proxy/away.html").read_text()
