"""`training check|lock|export|preview [PATH]`: what authors need at their desk, without a database.
`training import [PATH]`: take the modules into the database, or print what that would change.
`training export --published`: what the database holds, also as the files it was made of.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from portal import clock
from portal.command import TagoutCommand, read_file
from training.catalog.engine.archives import ArchiveError, read_archive, write_module_archive
from training.catalog.engine.curriculum import Curriculum, read_curriculum
from training.catalog.engine.diffs import diff_lines, diffable_text
from training.catalog.engine.exports import export_modules
from training.catalog.engine.exports.site import site_files
from training.catalog.engine.module_files import LOCK_FILE, unpacked, write_lock
from training.catalog.queries.drafts import path_files, published_modules, source_files
from training.catalog.services.import_curriculum import FileChange, import_curriculum
from training.catalog.vocabulary import colour_styles, current_vocabulary

_FILES = {"moodle": "questions.xml"}
_SOURCE = "source"
_FORMATS = (*_FILES, "html", _SOURCE)
_NOTHING = "The database holds no files of modules: run `training import` first."


class Command(TagoutCommand):
    """Check modules, write down the sums of their files, take them over, hand them on."""

    help = "Check, lock, import, export or preview training modules; list them."
    failed = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the one word, the folder, and what an export needs."""
        parser.add_argument("action", nargs="?", default="", help=", ".join(_ACTIONS))
        parser.add_argument(
            "path", nargs="?", default="", help="a module, a folder or a ZIP of modules"
        )
        parser.add_argument("--format", default="html", help=", ".join(_FORMATS))
        parser.add_argument("--output", default="", help="where an export or a preview goes")
        parser.add_argument(
            "--published", action="store_true", help="export what the database holds"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what an import would change, line by line"
        )
        parser.add_argument(
            "--overwrite", action="store_true", help="also replace what was edited in the portal"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command, but faults end with 1 after they were printed."""
        is_published = options["published"] or options["format"] == _SOURCE
        self.needs_database = options["action"] == "import" or is_published
        super().handle(*args, **options)
        if self.failed:
            sys.exit(1)

    def run(self, **options: Any) -> dict[str, Any]:
        """Do what the first word names."""
        act = _ACTIONS.get(options["action"])
        if act is None:
            raise CommandError(f"training knows {', '.join(_ACTIONS)}.")
        result: dict[str, Any] = act(options)
        self.failed = bool(result.get("faults"))
        return result

    def show(self, result: dict[str, Any]) -> None:
        """Write one fault a line, then how much there is."""
        for fault in result.pop("faults", ()):
            place = f"{fault['path']}:{fault['line']}:{fault['column']}"
            self.stdout.write(f"{place}: {fault['code']} {fault['text']}")
        for line in result.pop("diff", ()):
            self.stdout.write(line)
        offers = result.pop("offered", ())
        for name in result.pop("kept", ()):
            more = "; the import has another text" if name in offers else ""
            self.stdout.write(f"{name}: kept as it was edited here{more}")
        self.stdout.write(", ".join(f"{value} {name}" for name, value in result.items()))


def _folder(path_text: str) -> Path:
    path = Path(path_text) if path_text else settings.BASE_DIR / "training" / "content"
    if not path.is_dir():
        raise CommandError(f"{path} is not a folder.")
    if not path_text and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path


@contextmanager
def _opened(path_text: str) -> Iterator[Curriculum]:
    """Give the curriculum of a folder or of a ZIP, whose files lie in a folder until then."""
    if not path_text.lower().endswith(".zip") or Path(path_text).is_dir():
        yield read_folder(_folder(path_text))
        return
    try:
        archive = read_archive(read_file(Path(path_text)))
    except ArchiveError as error:
        raise CommandError(f"{path_text}: {error}") from None
    with unpacked(archive.modules, archive.paths) as folder:
        yield read_curriculum(folder, path_text, current_vocabulary(_today()))


@contextmanager
def _published() -> Iterator[Curriculum]:
    """Give the curriculum that the database holds."""
    modules = published_modules()
    if not modules:
        raise CommandError(_NOTHING)
    with unpacked(modules, path_files()) as folder:
        yield read_curriculum(folder, "published", current_vocabulary(_today()))


def read_folder(path: Path) -> Curriculum:
    """Return the curriculum of a folder, checked against today by the machine's own clock: an
    author's desk has no database.
    """
    return read_curriculum(path, str(path).rstrip("/"), current_vocabulary(_today()))


def _today() -> date:
    return datetime.fromtimestamp(time.time(), UTC).date()


def _check(options: dict[str, Any]) -> dict[str, Any]:
    with _opened(options["path"]) as curriculum:
        pass
    names = ("path", "line", "column", "code", "text")
    faults = [{name: getattr(fault, name) for name in names} for fault in curriculum.faults]
    return {**curriculum.figures, "faults": faults}


def _lock(options: dict[str, Any]) -> dict[str, Any]:
    path = _folder(options["path"])
    modules = [file.parent for file in sorted(path.glob("**/module.yaml"))]
    if not modules:
        raise CommandError(f"{path} contains no module.yaml.")
    for module in modules:
        text = write_lock(module)
        if text or (module / LOCK_FILE).exists():
            (module / LOCK_FILE).write_text(text, encoding="utf-8")
    return {"modules": len(modules)}


def _import(options: dict[str, Any]) -> dict[str, Any]:
    is_dry_run = options["dry_run"]
    with _opened(options["path"]) as curriculum:
        outcome = import_curriculum(
            curriculum=curriculum,
            by="command line",
            now=clock.now(),
            overwrite=options["overwrite"],
            is_dry_run=is_dry_run,
        )
    result = {
        "modules": len(curriculum.modules),
        **outcome.counts,
        "files": len(outcome.files),
        "kept": list(outcome.local_edits),
        "offered": list(outcome.offers),
    }
    if is_dry_run:
        result["diff"] = [line for change in outcome.files for line in _diff(change)]
    return result


def _diff(change: FileChange) -> list[str]:
    name = f"{change.folder}/{change.path}"
    head = [
        f"--- {name if change.before is not None else 'nothing'}",
        f"+++ {name if change.after is not None else 'nothing'}",
    ]
    before, after = diffable_text(change.before), diffable_text(change.after)
    lines = None if before is None or after is None else diff_lines(before, after)
    if lines is None:
        old, new = len(change.before or b""), len(change.after or b"")
        return [*head, f"… {old} bytes, then {new}"]
    return [*head, *(f"{line.sign}{line.text}" for line in lines)]


def _export(options: dict[str, Any]) -> dict[str, Any]:
    kind = options["format"]
    if kind not in _FORMATS:
        raise CommandError(f"--format knows {', '.join(_FORMATS)}.")
    if options["path"] and (options["published"] or kind == _SOURCE):
        raise CommandError("An export of what is published reads the database: leave PATH out.")
    if kind == _SOURCE:
        return _export_source(options["output"] or "modules.zip")
    with _published() if options["published"] else _opened(options["path"]) as curriculum:
        modules = curriculum.modules
        if not modules:
            raise CommandError("There is no module to export: see what `training check` says.")
        data, left_out = export_modules(kind, modules, colours=colour_styles())
    goal = Path(options["output"] or _FILES.get(kind, "lessons.zip"))
    _write(goal, data)
    return {"file": str(goal), "bytes": len(data), "left_out": left_out}


def _export_source(output: str) -> dict[str, Any]:
    """Write the files of all published modules and paths, as they were written: into a ZIP or a
    folder.
    """
    files = source_files()
    if not files:
        raise CommandError(_NOTHING)
    goal = Path(output)
    if goal.suffix.lower() == ".zip":
        _write(goal, write_module_archive(files))
    elif goal.is_dir() and any(goal.iterdir()):
        raise CommandError(f"{goal} is not empty: name a new folder, or a file that ends in .zip.")
    else:
        _write_all(goal, files)
    return {"file": str(goal), "files": len(files)}


def _preview(options: dict[str, Any]) -> dict[str, Any]:
    goal = Path(options["output"] or "preview")
    with _opened(options["path"]) as curriculum:
        files = site_files(curriculum.modules, colours=colour_styles())
    _write_all(goal, files)
    return {"open": str(goal / "index.html"), "files": len(files)}


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"{folder} cannot be made: {error.strerror}.") from error
        _write(folder / name, data)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


_ACTIONS: dict[str, Any] = {
    "check": _check,
    "export": _export,
    "import": _import,
    "lock": _lock,
    "preview": _preview,
}
