"""The abuse matrix: its rows, and what was tried and what got through in a run of `make abuse`.

    @pytest.mark.abuse("A11")
    def test_sign_in_never_leads_elsewhere(client, attempts):
        for address in ELSEWHERE:
            attempts.note(address, blocked=goal_of(client, address) == "/")

A test without `attempts` is one attempt, which got through if the test failed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

ROWS = {
    "A05": "accounts disabled and roles taken back, in open sessions and tokens (no Entra yet)",
    "A06": "guessed passwords, made-up addresses, colleagues locked out",
    "A08": "sessions fixed before sign-in or used after its end",
    "A09": "posts without a CSRF token; changes by GET",
    "A10": "answers without the policy or headers: pages, parts, files, errors",
    "A11": "goals on other hosts, where an address says where to go on",
    "A12": "what is of another site or workspace, by every address and role",
    "A13": "totals, lists, searches and exports of who sees a part",
    "A14": "fields that nobody may set, in the bodies of commands and forms",
    "A15": "commands by roles that may not carry them out",
    "A16": "lookups and orders in the address",
    "A17": "tokens: too narrow, over, revoked, or in the address",
    "A18": "secrets looked for in everything that the database holds",
    "A19": "signatures for both sides, the wrong side, or by no person",
    "A20": "a rule edited and signed at the same instant, or edited once signed",
    "A25": "commands sent twice, one after the other and at once",
    "A29": "closing rules that somebody plants in Sentinel (changed ones: F25)",
    "A31": "messages that nobody of ours put on the queue",
    "A32": "scripts in every text that comes from outside",
    "A34": "cells that a spreadsheet would run",
    "A35": "texts that break a line of the log",
    "A36": "template syntax in texts",
    "A37": "SQL, JSON paths and heavy texts in searches",
    "A38": "far ends that lead into our own network (no outbound webhooks yet)",
    "A39": "push hints: unsigned, changed, old, replayed, with tokens of others",
    "A42": "changes to the audit record: as application, as owner, at its end",
    "A43": "secrets looked for in logs, failure pages, messages, API description, repository",
    "A44": "doors that are not to be there: debug, admin, files, TRACE",
    "A45": "attacks beside or behind what a rule closes",
    "A46": "links of mails opened by others, after sign-out, and again",
    "A47": "playbooks that act on the plant, without consent: by page, API and many at once",
}
_TAGGED, _COUNTED = "abuse row", "abuse attempts"


@dataclass
class Attempts:
    """What one test tried, and what of it got through."""

    tried: int = 0
    got_through: list[str] = field(default_factory=list)

    def note(self, what: object, *, blocked: bool) -> None:
        """Count one attempt; `what` names it where it was not held off."""
        self.tried += 1
        if not blocked:
            self.got_through.append(str(what))


@pytest.fixture
def attempts(request: pytest.FixtureRequest) -> Iterator[Attempts]:
    """Counts attempts; the test fails with what got through, or if nothing was tried."""
    made = Attempts()
    yield made
    counts = (made.tried, len(made.got_through))
    request.node.user_properties.append((_COUNTED, counts))
    assert made.tried, "Nothing was tried."
    assert not made.got_through, "Got through:\n" + "\n".join(made.got_through)


@pytest.fixture
def long_abuse(request: pytest.FixtureRequest) -> bool:
    """Whether the long form was asked for (`make abuse`)."""
    return bool(request.config.getoption("--long-abuse"))


@dataclass
class RowResult:
    """One line of the table."""

    tried: int = 0
    got_through: int = 0
    not_run: int = 0

    @property
    def passed(self) -> bool:
        """A row that could not run, or not whole, has not held."""
        return self.tried > 0 and not self.got_through and not self.not_run


class Table:
    """Collects the reports of marked tests, by whatever process they ran in."""

    def __init__(self) -> None:
        self.rows = {row: RowResult() for row in ROWS}
        self._tests: dict[str, list[pytest.TestReport]] = {}

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once its last phase is over."""
        phases = self._tests.setdefault(report.nodeid, [])
        phases.append(report)
        if report.when == "teardown":
            self._count(self._tests.pop(report.nodeid))

    def _count(self, phases: list[pytest.TestReport]) -> None:
        properties = phases[-1].user_properties
        tried, got_through = dict(properties).get(_COUNTED, (1, 0))
        outcomes = {report.outcome for report in phases}
        for row in {value for name, value in properties if name == _TAGGED}:
            result = self.rows[str(row)]
            if "skipped" in outcomes:
                result.not_run += 1
                continue
            result.tried += tried
            result.got_through += max(got_through, 1) if "failed" in outcomes else 0

    def lines(self) -> Iterator[str]:
        """The table as it is printed."""
        yield f"{'row':<5}{'tried':>7}{'got through':>13}  what was tried"
        for row, result in self.rows.items():
            line = f"{row:<5}{result.tried:>7}{result.got_through:>13}  {ROWS[row]}"
            if result.not_run or not result.tried:
                line += f": {result.not_run or 'ALL'} DID NOT RUN"
            yield line

    @property
    def passed(self) -> bool:
        """Whether every row ran whole and nothing got through."""
        return all(result.passed for result in self.rows.values())

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table after everything else."""
        terminalreporter.section("abuse matrix")
        for line in self.lines():
            terminalreporter.write_line(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """The run has failed where a row has not held."""
        if not self.passed:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    """The process that starts the others, or the only one, keeps the table."""
    if config.getoption("--long-abuse") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Table(), "abuse-table")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a marker says travels with the report of its test."""
    for item in items:
        for marker in item.iter_markers("abuse"):
            (row,) = marker.args
            if row not in ROWS:
                raise pytest.UsageError(f"{item.nodeid}: {row} is no row of the abuse matrix.")
            item.user_properties.append((_TAGGED, row))
