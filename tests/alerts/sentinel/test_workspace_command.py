"""The command `workspace`: registers, lists, pauses, removes and checks; one sentence if wrong."""

import contextlib
import io
import json

import pytest
from django.core.management import call_command, load_command_class
from django.core.management.base import CommandError

from alerts.sentinel.client import client_for
from alerts.sentinel.models import Workspace
from portal.audit.models import Entry
from tests.alerts.sentinel.service import SECRET, SECRET_VARIABLE, SUBSCRIPTION, TENANT

CLIENT = "55555555-5555-4555-8555-555555555555"

pytestmark = pytest.mark.django_db


def cli_options(**changes):
    """The options of a good `workspace add`, some replaced; None leaves one out."""
    options = {
        "tenant": TENANT,
        "subscription": SUBSCRIPTION,
        "resource_group": "rg-soc",
        "workspace": "ws-ot",
        "credential": "client-secret",
        "client_id": CLIENT,
        "secret_env": SECRET_VARIABLE,
    } | changes
    return [
        f"--{name.replace('_', '-')}={value}"
        for name, value in options.items()
        if value is not None
    ]


def run(*words):
    out = io.StringIO()
    call_command("workspace", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def reach(name, service, **changes):
    where = {"endpoint": service.url, "authority": service.url, "ca_bundle": service.ca_file}
    return run("add", name, *cli_options(**where | changes))


def test_a_workspace_is_added_and_listed_and_audited(noon):
    added = run("add", "gdansk", *cli_options())
    assert (added["name"], added["state"]) == ("gdansk", "active")
    row = Workspace.objects.get()
    assert (row.endpoint, row.added_at) == ("https://management.azure.com", noon)
    (listed,) = run("list")
    assert (listed["name"], listed["health"], listed["reached_at"]) == ("gdansk", "unknown", None)
    entry = Entry.objects.get(action="sentinel.workspace.added")
    assert (entry.actor_label, entry.object_label) == ("command line", "gdansk")


def test_the_secret_is_stored_nowhere(monkeypatch):
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    run("add", "gdansk", *cli_options())
    stored = json.dumps([*Workspace.objects.values(), *Entry.objects.values()], default=str)
    assert SECRET_VARIABLE in stored
    assert SECRET not in stored


@pytest.mark.abuse("A38")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tenant": "contoso"}, "--tenant must be a GUID"),
        ({"subscription": "1; drop"}, "--subscription must be a GUID"),
        ({"resource_group": "a/b"}, "--resource-group"),
        ({"workspace": "x"}, "--workspace must be 3 to 63"),
        ({"endpoint": "http://management.azure.com"}, "--endpoint must be an https address"),
        ({"endpoint": "http://localhost:8443"}, "--endpoint must be an https address"),
        ({"endpoint": "https://me@evil.example"}, "--endpoint must be an https address"),
        ({"endpoint": "https://a.example/path?x"}, "--endpoint must name scheme and host only"),
        ({"endpoint": "https://169.254.169.254"}, "--endpoint must not point to"),
        ({"authority": "nonsense"}, "--authority must be an https address"),
        ({"logs_endpoint": "ftp://x"}, "--logs-endpoint must be an https address"),
        ({"ca_bundle": "/nowhere/ca.pem"}, "no readable CA file /nowhere/ca.pem"),
        ({"ca_bundle": __file__}, "holds no certificate"),
        ({"credential": "password"}, "--credential must be one of managed-identity"),
        ({"client_id": None}, "--client-id is needed"),
        ({"client_id": "me"}, "--client-id must be a GUID"),
        ({"secret_env": None}, "--secret-env is needed"),
        ({"secret_env": "s3cr3t~value"}, "must be the name of an environment variable"),
        ({"credential": "certificate", "secret_env": None}, "--certificate is needed"),
        (
            {"credential": "certificate", "secret_env": None, "certificate": "/no.pem"},
            "There is no certificate file /no.pem",
        ),
        ({"credential": "managed-identity"}, "--secret-env does not go with"),
        ({"tenant": None, "workspace": None}, "also needs --tenant, --workspace"),
        ({"organisation": "Nobody"}, "no organisation named Nobody"),
    ],
)
def test_wrong_input_is_one_sentence_and_changes_nothing(changes, sentence):
    with pytest.raises(CommandError, match=sentence) as error:
        run("add", "gdansk", *cli_options(**changes))
    assert "s3cr3t" not in str(error.value)
    assert "\n" not in str(error.value)
    assert not Workspace.objects.exists()


@pytest.mark.parametrize("name", ["Gdansk", "a b", "-x", "x" * 81])
def test_a_name_that_is_no_slug_is_refused(name):
    with pytest.raises(CommandError):
        run("add", *cli_options(), "--", name)
    assert not Workspace.objects.exists()


def test_a_name_is_given_once():
    run("add", "gdansk", *cli_options())
    with pytest.raises(CommandError, match="already known"):
        run("add", "gdansk", *cli_options())


def test_a_workspace_is_paused_resumed_and_removed_for_good():
    run("add", "gdansk", *cli_options())
    assert run("pause", "gdansk")["state"] == "paused"
    with pytest.raises(CommandError, match="is paused and cannot become paused"):
        run("pause", "gdansk")
    assert run("resume", "gdansk")["state"] == "active"
    assert run("remove", "gdansk")["state"] == "removed"
    with pytest.raises(CommandError, match="is removed and cannot become active"):
        run("resume", "gdansk")
    assert Workspace.objects.filter(name="gdansk").exists()
    actions = Entry.objects.filter(object_label="gdansk").order_by("pk")
    assert [entry.action.rpartition(".")[2] for entry in actions] == [
        "added",
        "paused",
        "resumed",
        "removed",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["explode"], "The actions of workspace are add, list"),
        (["pause"], "needs the name of a workspace"),
        (["pause", "porto"], "no workspace named porto"),
        (["check", "porto"], "no workspace named porto"),
        (["credential", "porto", "--for=read"], "no workspace named porto"),
    ],
)
def test_what_cannot_be_done_is_said(words, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(*words)


def test_a_purpose_gets_an_identity_of_its_own():
    run("add", "gdansk", *cli_options())
    other = "66666666-6666-4666-8666-666666666666"
    run(
        *("credential", "gdansk", "--for=incidents", "--credential=client-secret"),
        *(f"--client-id={other}", "--secret-env=WRITER_SECRET"),
    )
    workspace = Workspace.objects.get()
    assert workspace.connection_for("read").client_id == CLIENT
    writer = workspace.connection_for("incidents")
    assert (writer.client_id, writer.secret_env) == (other, "WRITER_SECRET")
    with pytest.raises(CommandError, match="--for must be one of read, incidents, rules"):
        run("credential", "gdansk", "--for=all", "--credential=managed-identity")


def check(name):
    """What the check prints, whatever it found."""
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command("workspace", "check", name, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_a_check_signs_in_and_lists_an_incident(service):
    reach("gdansk", service)
    service.sentinel.add_incident()
    result = check("gdansk")
    checks = {check["name"]: check for check in result["checks"]}
    assert checks["sign-in (read)"]["state"] == checks["reach (read)"]["state"] == "ok"
    assert "it lists incidents" in checks["reach (read)"]["evidence"]
    assert run("list")[0]["health"] == "well"


@pytest.mark.parametrize(
    ("status", "code", "fix"),
    [
        (403, "AuthorizationFailed", "Sentinel Reader"),
        (404, "ResourceGroupNotFound", "--resource-group"),
    ],
)
def test_a_failed_check_names_evidence_and_fix_and_ends_with_one(
    service, capsys, status, code, fix
):
    reach("gdansk", service)
    service.spoil(lambda far: far.send(status, {"error": {"code": code, "message": "no"}}))
    out = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("workspace", "check", "gdansk", stdout=out)
    assert end.value.code == 1
    assert code in out.getvalue()
    assert fix in out.getvalue()


def test_a_check_without_the_secret_names_the_variable(service, monkeypatch):
    reach("gdansk", service)
    monkeypatch.delenv(SECRET_VARIABLE)
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("workspace", "check", "gdansk", "--json", stdout=out)
    checks = {check["name"]: check for check in json.loads(out.getvalue())["checks"]}
    assert checks["sign-in (read)"]["state"] == "failed"
    assert SECRET_VARIABLE in checks["sign-in (read)"]["evidence"]
    assert checks["connector (" + SUBSCRIPTION + ")"]["state"] == "unknown"


def test_one_process_makes_one_client_for_the_same_settings(service):
    reach("gdansk", service)
    workspace = Workspace.objects.get()
    first = client_for(workspace, "read")
    assert client_for(workspace, "incidents") is first
    workspace.client_id = "66666666-6666-4666-8666-666666666666"
    assert client_for(workspace, "read") is not first


def test_its_help_lists_the_actions_of_all_rooms():
    parser = load_command_class("alerts.sentinel", "workspace").create_parser("manage.py", "")
    actions = next(line.help for line in parser._actions if line.dest == "action").split(", ")
    assert {"check", "scope", "validate", "move-check", "watchlist", "watchlist-off"} <= {*actions}
