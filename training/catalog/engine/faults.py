"""What is wrong with a text, and where: one line a fault, `path:line:column: CODE text`."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Fault:
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

    faults: list[Fault] = field(default_factory=list)

    def add(self, path: str, line: int, column: int, code: str, text: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(path, line, column, code, text))


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

    def fault_at(self, lines: tuple[int, int], wanted: str, code: str, text: str) -> None:
        """Note a fault at the first place of `wanted` in these lines, first and last, from 1."""
        line, column = self.find(lines, wanted)
        self.fault(line, column, code, text)

    def find(self, lines: tuple[int, int], wanted: str) -> tuple[int, int]:
        """Return line and column of `wanted`; the start of the first line where it is not found."""
        first, last = lines
        for number in range(first, min(last, len(self.lines)) + 1):
            if (at := self.lines[number - 1].find(wanted)) >= 0:
                return number, at + 1
        return first, self.indent(first)

    def indent(self, line: int) -> int:
        """Return the column of the first letter of a line."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return len(text) - len(text.lstrip()) + 1
