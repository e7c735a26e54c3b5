"""`training check|lock [PATH]`: what authors need at their desk, without a database.
`training import [PATH]`: take the modules into the database.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from portal import clock
from portal.command import TagoutCommand
from training.catalog.engine.curriculum import Curriculum, read_curriculum
from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.lockfile import write_lock
from training.catalog.services import import_curriculum
from training.catalog.vocabulary import current_vocabulary


class Command(TagoutCommand):
    """Check modules, and write down the sums of their files."""

    help = "Check training modules, renew the sums of their files (lock), or import them."
    failed = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the one word, and the folder."""
        parser.add_argument("action", nargs="?", default="", help=", ".join(_ACTIONS))
        parser.add_argument(
            "path", nargs="?", default="", help="a module, or a folder of modules; default: ours"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command, but faults end with 1 after they were printed."""
        self.needs_database = options["action"] == "import"
        super().handle(*args, **options)
        if self.failed:
            sys.exit(1)

    def run(self, **options: Any) -> dict[str, Any]:
        """Do what the first word says."""
        act = _ACTIONS.get(options["action"])
        if act is None:
            raise CommandError(f"training knows {', '.join(_ACTIONS)}.")
        result: dict[str, Any] = act(_folder(options["path"]))
        self.failed = bool(result.get("faults"))
        return result

    def show(self, result: dict[str, Any]) -> None:
        """Write one fault a line, then how much there is."""
        for fault in result.pop("faults", ()):
            place = f"{fault['path']}:{fault['line']}:{fault['column']}"
            self.stdout.write(f"{place}: {fault['code']} {fault['text']}")
        self.stdout.write(", ".join(f"{value} {name}" for name, value in result.items()))


def _folder(given: str) -> Path:
    path = Path(given) if given else settings.BASE_DIR / "training" / "content"
    if not path.is_dir():
        raise CommandError(f"{path} is no folder.")
    if not given and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path


def read_folder(path: Path) -> Curriculum:
    """Return the curriculum of a folder, checked against today by the machine's own clock: an
    author's desk has no database.
    """
    today = datetime.fromtimestamp(time.time(), UTC).date()
    return read_curriculum(path, str(path).rstrip("/"), current_vocabulary(today))


def _check(path: Path) -> dict[str, Any]:
    curriculum = read_folder(path)
    names = ("path", "line", "column", "code", "text")
    faults = [{name: getattr(fault, name) for name in names} for fault in curriculum.faults]
    return {**curriculum.figures, "faults": faults}


def _lock(path: Path) -> dict[str, Any]:
    modules = [found.parent for found in sorted(path.glob("**/module.yaml"))]
    if not modules:
        raise CommandError(f"{path} holds no module.yaml.")
    for module in modules:
        text = write_lock(module)
        if text or (module / LOCK).exists():
            (module / LOCK).write_text(text, encoding="utf-8")
    return {"modules": len(modules)}


def _import(path: Path) -> dict[str, Any]:
    curriculum = read_folder(path)
    changes = import_curriculum(curriculum=curriculum, by="command line", now=clock.now())
    return {"modules": len(curriculum.modules), **changes}


_ACTIONS: dict[str, Any] = {"check": _check, "import": _import, "lock": _lock}
