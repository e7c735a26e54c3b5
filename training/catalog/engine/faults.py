"""What is wrong with a text, and where: one line a fault, `path:line:column: CODE text`; and the
names that texts may use, checked against what the world outside has.
"""

from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from portal.attack import engine as attack


@dataclass(frozen=True, slots=True, order=True)
class ContentFault:
    """One thing an author has to mend. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.text}"


@dataclass(slots=True)
class Report:
    """The faults found so far."""

    faults: list[ContentFault] = field(default_factory=list)

    def add(self, path: str, line: int, column: int, code: str, text: str) -> None:
        """Note one fault."""
        self.faults.append(ContentFault(path, line, column, code, text))


@dataclass(frozen=True, slots=True)
class Source:
    """One text file: its path as the author names it, its lines, and the report it adds to."""

    path: str
    text: str
    report: Report
    lines: tuple[str, ...]

    @classmethod
    def of(cls, path: str, text: str, report: Report) -> "Source":
        """Return the source of a text."""
        return cls(path, text, report, tuple(text.split("\n")))

    def fault(self, line: int, column: int, code: str, text: str) -> None:
        """Note a fault in this file."""
        self.report.add(self.path, line, column, code, text)

    def fault_at(self, lines: tuple[int, int], fragment: str, code: str, text: str) -> None:
        """Note a fault at the first place of `wanted` in these lines, first and last, from 1."""
        line, column = self.find(lines, fragment)
        self.fault(line, column, code, text)

    def find(self, lines: tuple[int, int], fragment: str) -> tuple[int, int]:
        """Return line and column of `wanted`; the start of the first line where it is not found."""
        first, last = lines
        for number in range(first, min(last, len(self.lines)) + 1):
            if (at := self.lines[number - 1].find(fragment)) >= 0:
                return number, at + 1
        return first, self.indent(first)

    def indent(self, line: int) -> int:
        """Return the column of the first letter of a line."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return len(text) - len(text.lstrip()) + 1


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that texts may use. `colours` are the custom properties of the style sheet; where
    there are none, any name passes.
    """

    today: date
    alert_titles: frozenset[str]
    colours: frozenset[str] = frozenset()

    def check_technique(self, source: Source, line: int, column: int, technique_id: str) -> None:
        """Note a technique that ATT&CK for ICS does not have, or has retired."""
        technique = attack.technique(technique_id)
        if technique is None or technique.id != technique_id:
            text = f"ATT&CK for ICS {attack.version()} has no technique {technique_id}."
            source.fault(line, column, "UNKNOWN-TECHNIQUE", text)
        elif technique.is_revoked or technique.current_id != technique.id:
            current = technique.current_id
            text = f"{technique_id} was revoked. Use {current}, {_name(current)}."
            source.fault(line, column, "REVOKED-TECHNIQUE", text)
        elif technique.is_deprecated:
            text = f"{technique_id} ({technique.name}) is deprecated and has no successor."
            source.fault(line, column, "DEPRECATED-TECHNIQUE", text)

    def check_alert_type(self, source: Source, line: int, column: int, title: str) -> None:
        """Note a title that is not in the product's catalogue of alert types."""
        if title in self.alert_titles:
            return
        close = get_close_matches(title, self.alert_titles, n=1)
        hint = f" Did you mean “{close[0]}”?" if close else ""
        source.fault(line, column, "UNKNOWN-ALERT-TYPE", f"No alert is titled “{title}”.{hint}")


def _name(technique_id: str) -> str:
    technique = attack.technique(technique_id)
    return technique.full_name if technique else technique_id
