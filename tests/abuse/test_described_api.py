"""The long form of the API's check: Schemathesis sends the live server what the description allows
and what it forbids, and holds each answer to the description (`pytest --long-api`).
"""

import os
import re
import subprocess
import sys

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.abuse.test_api import OPERATIONS
from tests.abuse.world import the_world
from tests.architecture.tree import HOME
from tests.program import Program

EXAMPLES = 30
HOOKS = "tests.abuse.schemathesis_hooks"
# What they are told has a meaning that no schema tells: recurrences, time zones, names of devices,
# addresses of people, ids of reasons, rules that make sense, one moment before another. What means
# nothing is 400, as other mistakes are.
MEANINGFUL = {
    "POST /planned-work/",
    "POST /planned-work/{id}/edit/",
    "POST /planned-work/{id}/extend/",
    "POST /planned-work/{id}/done/",
    "POST /rules/",
    "POST /rules/{id}/edit/",
    "POST /sites/{id}/set/",
    "GET /metrics/{name}/",
    "POST /incidents/{id}/assign/",
    "POST /incidents/{id}/verdict/",
    "POST /reviews/{id}/answer/",
    "POST /opinions/{id}/answer/",
    "POST /reviews/{id}/hand-over/",
    "POST /incidents/{id}/ask/",
    "POST /incidents/{id}/label/",
}


@pytest.fixture
def long_api(request) -> None:
    """Skip where the long form was not asked for."""
    if not request.config.getoption("--long-api"):
        pytest.skip("the long form of the API: pytest --long-api")


# Schemathesis takes our sentences for members that it should send.
NO_GUESSES = "[phases.fuzzing.error-feedback]\nenabled = false"


def configuration(ids) -> str:
    """Return a schemathesis.toml that names what there is, so that commands find their rows."""
    text = [NO_GUESSES]
    for path, method, _said in OPERATIONS:
        place = path.strip("/").split("/")
        kind = "/".join(place[:2]) if place[0] == "training" else place[0]
        own = []
        if "{id}" in path:
            row = ids[kind] if isinstance(ids[kind], int) else f'"{ids[kind]}"'
            own.append(f'parameters = {{ "path.id" = {row} }}')
        name = f"{method.upper()} {path}"
        if name in MEANINGFUL:
            allowed = '["2xx", "400", "403", "404", "409"]'
            own.append(f"checks.positive_data_acceptance.expected-statuses = {allowed}")
        if own:
            text += ["[[operations]]", f'include-name = "{name}"', *own]
    return "\n".join(text)


@pytest.mark.parametrize("grants", [(Role.SOC_LEAD, Role.OT_SITE_LEAD), (Role.AUDITOR,)])
def test_schemathesis_finds_nothing(
    long_api, live_server, make_person, settings, tmp_path, noon, grants
):
    settings.API_REQUESTS_A_MINUTE = 10_000_000
    workspace, _site, ids = the_world(make_person, "gdansk")
    kind = (GrantScope.WORKSPACE, workspace.uuid)
    program = Program(make_person(cast.LEO, *((role, *kind) for role in grants)))
    config = tmp_path / "schemathesis.toml"
    config.write_text(configuration(ids))
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--config-file",
            str(config),
            "run",
            f"{live_server.url}/api/v1/openapi.json",
            "--header",
            f"Authorization: Bearer {program.secret}",
            "--checks",
            "all",
            "--generation-deterministic",
            "--max-examples",
            os.environ.get("SCHEMATHESIS_EXAMPLES", str(EXAMPLES)),
            "--continue-on-failure",
            "--no-color",
            "--warnings",
            "off",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(HOME), "SCHEMATHESIS_HOOKS": HOOKS},
    )
    (tmp_path / "found.txt").write_text(process.stdout + process.stderr)
    assert process.returncode == 0, process.stdout[-20_000:] + process.stderr[-5_000:]
    tested = re.search(r"Tested: (\d+)", process.stdout)[1]
    assert int(tested) == len(OPERATIONS) - 1  # all but openapi.json, from which it reads them
