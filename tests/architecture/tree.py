"""What the architecture tests look at: the files git tracks, and the rooms."""

import ast
import subprocess
from functools import cache
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
WINGS = ("portal", "alerts", "training")
LESSONS = ("training", "content")  # what people learn: text and captures, no code


@cache
def tracked() -> list[Path]:
    """Every file of the project, relative to its root; new files count before they are added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=HOME, check=True, capture_output=True, text=True)
    return [Path(line) for line in listed.stdout.splitlines() if (HOME / line).is_file()]


def sources(*suffixes: str) -> list[Path]:
    """Tracked files with one of these endings that people write and read."""
    return [
        path
        for path in tracked()
        if path.suffix in suffixes and not {"migrations", "vendor"} & set(path.parts)
    ]


@cache
def parse(path: Path | str) -> ast.Module:
    """The syntax tree of one file, relative to the root. Nobody may change it: it is kept."""
    return ast.parse((HOME / path).read_text(encoding="utf-8"))


@cache
def nodes(path: Path | str) -> tuple[ast.AST, ...]:
    """All nodes of that tree: to walk through all trees takes longer than to read them."""
    return tuple(ast.walk(parse(path)))


def rooms() -> list[Path]:
    """The folders of all rooms."""
    return sorted(
        {
            Path(*path.parts[:2])
            for path in tracked()
            if path.parts[0] in WINGS and len(path.parts) > 2 and path.parts[:2] != LESSONS
        }
    )
