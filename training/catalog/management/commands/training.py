"""`training check|lock|export|preview [PATH]`: what authors need at their desk, without a database.
`training overview [PATH]`: renew docs/curriculum.md.
`training import [PATH]`: take the modules into the database.
`training gift FILE`: show the questions of a GIFT file as blocks for a lesson.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from alerts.incidents.engine.catalogue import all_types
from portal import clock
from portal.attack import engine as attack
from portal.command import TagoutCommand, read_file
from training.catalog.engine.curriculum import Curriculum, read_curriculum
from training.catalog.engine.exports.blocks import question_to_block
from training.catalog.engine.exports.cards_tsv import cards_to_tsv
from training.catalog.engine.exports.gift import GiftError, questions_to_gift, read_gift
from training.catalog.engine.exports.moodle_xml import questions_to_moodle
from training.catalog.engine.exports.site import lessons_to_zip, site_files
from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.lockfile import write_lock
from training.catalog.engine.overview import curriculum_overview
from training.catalog.services import import_curriculum
from training.catalog.vocabulary import colour_styles, current_vocabulary

_FILES = {"gift": "questions.gift", "moodle": "questions.xml", "cards": "cards.tsv"}
_FORMATS = (*_FILES, "html")


class Command(TagoutCommand):
    """Check modules, write down the sums of their files, take them over, hand them on."""

    help = (
        "Check, lock, import, export or preview training modules; list them; show GIFT as blocks."
    )
    failed = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the one word, the folder, and what an export needs."""
        parser.add_argument("action", nargs="?", default="", help=", ".join(_ACTIONS))
        parser.add_argument(
            "path", nargs="?", default="", help="a module, or a folder of modules; default: ours"
        )
        parser.add_argument("--format", default="html", help=", ".join(_FORMATS))
        parser.add_argument("--output", default="", help="where an export or a preview goes")

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
        result: dict[str, Any] = act(options)
        self.failed = bool(result.get("faults"))
        return result

    def show(self, result: dict[str, Any]) -> None:
        """Write one fault a line, blocks as they are, then how much there is."""
        for fault in result.pop("faults", ()):
            place = f"{fault['path']}:{fault['line']}:{fault['column']}"
            self.stdout.write(f"{place}: {fault['code']} {fault['text']}")
        if blocks := result.pop("blocks", ()):
            self.stdout.write("\n".join(blocks))
        else:
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


def _check(options: dict[str, Any]) -> dict[str, Any]:
    curriculum = read_folder(_folder(options["path"]))
    names = ("path", "line", "column", "code", "text")
    faults = [{name: getattr(fault, name) for name in names} for fault in curriculum.faults]
    return {**curriculum.figures, "faults": faults}


def _lock(options: dict[str, Any]) -> dict[str, Any]:
    path = _folder(options["path"])
    modules = [found.parent for found in sorted(path.glob("**/module.yaml"))]
    if not modules:
        raise CommandError(f"{path} holds no module.yaml.")
    for module in modules:
        text = write_lock(module)
        if text or (module / LOCK).exists():
            (module / LOCK).write_text(text, encoding="utf-8")
    return {"modules": len(modules)}


def _overview(options: dict[str, Any]) -> dict[str, Any]:
    modules = read_folder(_folder(options["path"])).modules
    text = curriculum_overview(modules, all_types(), attack.version())
    goal = Path(options["output"] or settings.BASE_DIR / "docs" / "curriculum.md")
    _write(goal, text.encode())
    return {"file": str(goal), "modules": len(modules)}


def _import(options: dict[str, Any]) -> dict[str, Any]:
    curriculum = read_folder(_folder(options["path"]))
    changes = import_curriculum(curriculum=curriculum, by="command line", now=clock.now())
    return {"modules": len(curriculum.modules), **changes}


def _export(options: dict[str, Any]) -> dict[str, Any]:
    kind = options["format"]
    if kind not in _FORMATS:
        raise CommandError(f"--format knows {', '.join(_FORMATS)}.")
    modules = read_folder(_folder(options["path"])).modules
    if not modules:
        raise CommandError("There is no module to export: see what `training check` says.")
    left_out = 0
    if kind == "gift":
        text, left_out = questions_to_gift(modules)
    elif kind == "moodle":
        text, left_out = questions_to_moodle(modules)
    elif kind == "cards":
        text = cards_to_tsv(modules)
    data = lessons_to_zip(modules, colours=colour_styles()) if kind == "html" else text.encode()
    goal = Path(options["output"] or _FILES.get(kind, "lessons.zip"))
    _write(goal, data)
    return {"file": str(goal), "bytes": len(data), "left_out": left_out}


def _preview(options: dict[str, Any]) -> dict[str, Any]:
    modules = read_folder(_folder(options["path"])).modules
    goal = Path(options["output"] or "preview")
    files = site_files(modules, colours=colour_styles())
    for name, data in files.items():
        (goal / name).parent.mkdir(parents=True, exist_ok=True)
        _write(goal / name, data)
    return {"open": str(goal / "index.html"), "files": len(files)}


def _gift(options: dict[str, Any]) -> dict[str, Any]:
    path = Path(options["path"])
    try:
        found = read_gift(read_file(path).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not UTF-8.") from None
    except GiftError as error:
        raise CommandError(f"{path}: {error}.") from None
    return {"blocks": [question_to_block(each.name, each.question) for each in found]}


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


_ACTIONS: dict[str, Any] = {
    "check": _check,
    "export": _export,
    "gift": _gift,
    "import": _import,
    "lock": _lock,
    "overview": _overview,
    "preview": _preview,
}
