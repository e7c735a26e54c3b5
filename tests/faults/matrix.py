"""The fault matrix: its rows, and the figures of a run of `make faults`.

    @pytest.mark.fault("F07")
    def test_a_page_sent_twice_stores_nothing_twice(service, measure):
        ...
        measure("duplicates", duplicates, at_most=0)

A row holds if every test of it ran, passed and measured something within its bound.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

ROWS = {
    "F01": "429 that names a wait, in seconds or as a date",
    "F02": "429 without a wait, or with an absurd one",
    "F03": "server errors for ten minutes",
    "F04": "connections that hang, answers that drip",
    "F05": "answers cut short, or of another length than announced",
    "F06": "200 with a page of HTML, nothing, or a gzip bomb",
    "F07": "pages and incidents delivered twice",
    "F08": "older versions delivered after newer ones",
    "F09": "incidents that change while their list is read",
    "F10": "next links that loop or name another host",
    "F11": "409 or 412 on a close: a person was faster",
    "F12": "writes that took effect and whose answer is lost",
    "F13": "401 in the middle of a run",
    "F14": "credentials that expire or are revoked",
    "F15": "403 in one of 20 workspaces",
    "F16": "404: a workspace that is gone",
    "F17": "incidents deleted or merged in Sentinel",
    "F18": "unknown status, severity, classification or entity kind",
    "F19": "missing, renamed, null or wrong-typed members",
    "F20": "incidents with 10,000 entities, 150 alerts or 30 MB",
    "F21": "dates that are odd, impossible or in the future",
    "F22": "JSON that no database holds, or that breaks readers",
    "F23": "clocks ten minutes off, at workers or at Sentinel",
    "F24": "5,000 incidents in ten minutes",
    "F25": "rules edited, disabled or deleted by hand",
    "F26": "a rule that three of five workspaces take",
    "F27": "a broker that refuses",
    "F28": "a broker that hangs for two minutes",
    "F32": "children of a worker that are killed or grow too large",
    "F33": "a job that kills its process",
    "F34": "SIGTERM for workers in the middle of their work",
    "F35": "a job that never ends",
    "F36": "two beats, and none for ten minutes",
    "F37": "PostgreSQL killed in the middle of transactions",
    "F38": "lock waits, no free connection, deadlocks, serialization errors",
    "F40": "a mail server that is dead or slow",
    "F43": "Tagout stopped for 25 hours",
    "F44": "a broker restarted 20 times, a database 10 times, with messages under way",
    "F45": "a database or a broker whose packets are lost for a minute",
    "F46": "one of two workers of a queue that hangs",
}
_TAGGED, _MEASURED = "fault row", "fault figure"
type Number = int | float
type Measure = Callable[..., None]


def _within(
    value: Number, at_most: Number | None, at_least: Number | None, below: Number | None
) -> bool:
    return (
        (at_most is None or value <= at_most)
        and (at_least is None or value >= at_least)
        and (below is None or value < below)
    )


def _line(what: str, value: Number, unit: str, **bounds: Number | None) -> str:
    signs = {"at_most": "≤", "at_least": "≥", "below": "<"}
    terms = [f"{signs[name]} {bound:g}" for name, bound in bounds.items() if bound is not None]
    bound = f" (bound {' and '.join(terms)})" if terms else ""
    return f"{what}: {value:.5g}{f' {unit}' if unit else ''}{bound}"


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """Return the function that notes and prints a figure, and fails where it breaks its bound.

    A figure `by_clock` depends on what else the machine does: only the long form, which has it to
    itself, holds it to its bound. The test shows in the short form by something else that nobody
    waits, such as what happened in which order.
    """
    is_long = request.config.getoption("--long-faults")
    rows = [marker.args[0] for marker in request.node.iter_markers("fault")]
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def note(
        what: str,
        value: Number,
        *,
        unit: str = "",
        at_most: Number | None = None,
        at_least: Number | None = None,
        below: Number | None = None,
        by_clock: bool = False,
    ) -> None:
        line = _line(what, value, unit, at_most=at_most, at_least=at_least, below=below)
        is_held = is_long or not by_clock
        line += "" if is_held else ", in the long form"
        request.node.user_properties.append((_MEASURED, line))
        with capture.global_and_fixture_disabled():
            print(f"\n{' '.join(rows)} {line}")
        assert not is_held or _within(value, at_most, at_least, below), line

    return note


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """A test of a row that measured nothing has shown nothing."""
    result = yield
    names = {name for name, _ in pyfuncitem.user_properties}
    assert _TAGGED not in names or _MEASURED in names, "Nothing was measured."
    return result


@dataclass
class RowResult:
    """One row of the table."""

    figures: list[str] = field(default_factory=list)
    passed: int = 0
    failed: int = 0
    not_run: int = 0

    @property
    def holds(self) -> bool:
        """A row that could not run, or not whole, does not hold."""
        return self.passed > 0 and not self.failed and not self.not_run

    @property
    def verdict(self) -> str:
        """One word."""
        if self.holds:
            return "holds"
        return "FAILED" if self.failed else "DID NOT RUN"


class Table:
    """Collects the reports of marked tests."""

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
        outcomes = {report.outcome for report in phases}
        for row in {value for name, value in properties if name == _TAGGED}:
            result = self.rows[str(row)]
            result.figures += [str(value) for name, value in properties if name == _MEASURED]
            if "failed" in outcomes:
                result.failed += 1
            elif "skipped" in outcomes:
                result.not_run += 1
            else:
                result.passed += 1

    def lines(self) -> Iterator[str]:
        """The table as it is printed."""
        for row, result in self.rows.items():
            yield f"{row}  {result.verdict:<12}{ROWS[row]}"
            for figure in result.figures:
                yield f"{'':17}{figure}"

    @property
    def holds(self) -> bool:
        """Whether every row ran whole and holds."""
        return all(result.holds for result in self.rows.values())

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table after everything else."""
        terminalreporter.section("fault matrix")
        for line in self.lines():
            terminalreporter.write_line(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """The run has failed where a row does not hold."""
        if not self.holds:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    """The process that starts the others, or the only one, keeps the table."""
    if config.getoption("--fault-table") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Table(), "fault-table")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a marker says travels with the report of its test."""
    for item in items:
        for marker in item.iter_markers("fault"):
            (row,) = marker.args
            if row not in ROWS:
                raise pytest.UsageError(f"{item.nodeid}: {row} is no row of the fault matrix.")
            if "measure" not in getattr(item, "fixturenames", ()):
                raise pytest.UsageError(f"{item.nodeid} measures nothing.")
            item.user_properties.append((_TAGGED, row))
