"""Reads learning paths: lessons of several modules in an order of their own, day by day."""

import pathlib
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from training.catalog.engine import fields
from training.catalog.engine.content import PathContent, PathDay
from training.catalog.engine.faults import ContentFault, Report, Source
from training.catalog.engine.fields import Key, YamlField
from training.catalog.engine.texts import read_text_file

PATHS_FOLDER = "paths"  # beside the modules; drafts of paths name it instead of a module


def is_path_file(name: str) -> bool:
    """Return whether a learning path may have a file of this name."""
    return name.endswith(".yaml") and bool(fields.SLUG.fullmatch(name.removesuffix(".yaml")))


@contextmanager
def read_path_files(
    files: Mapping[str, bytes], lessons: Collection[str]
) -> Iterator[tuple[tuple[PathContent, ...], tuple[ContentFault, ...]]]:
    """Give the paths of these files and what is wrong with them; they lie in a folder until the
    block ends. `lessons` are all that there are, written module/lesson.
    """
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tagout-paths-") as name:
        folder = pathlib.Path(name)
        for file, data in files.items():
            (folder / file).write_bytes(data)
        paths = read_paths(folder, PATHS_FOLDER, report, lessons)
        yield paths, tuple(sorted(report.faults))


def is_lesson(field: YamlField) -> str | None:
    """Accept a lesson, written module/lesson."""
    parts = field.value.split("/") if isinstance(field.value, str) else []
    if len(parts) == 2 and all(fields.SLUG.fullmatch(part) for part in parts):
        return None
    return "must name lessons as module/lesson, such as `reading-alerts/forty-nine`."


PATH_KEYS = {
    "id": Key(fields.is_slug),
    "title": Key(fields.is_text_up_to(200)),
    "summary": Key(fields.is_text_up_to(300)),
    "nice": Key(fields.is_list(fields.is_text_up_to(20))),
    "days": Key(fields.is_list(fields.is_mapping)),
}
DAY_KEYS = {
    "title": Key(fields.is_text),
    "lessons": Key(fields.is_list(is_lesson)),
}


def read_paths(
    folder: pathlib.Path, display_path: str, report: Report, lessons: Collection[str]
) -> tuple[PathContent, ...]:
    """Return the paths of a folder, a YAML file each, in the order of their names. `lessons` are
    all that there are, written module/lesson.
    """
    paths = []
    for file in sorted(folder.iterdir()):
        if file.name.startswith("."):
            continue
        name = f"{display_path}/{file.name}"
        if file.suffix != ".yaml":
            report.add(name, 1, 1, "STRAY-FILE", "This does not belong among paths.")
        elif source := read_text_file(file, name, report):
            paths.append(_read_path(source, file, lessons))
    return tuple(path for path in paths if path)


def _read_path(source: Source, file: pathlib.Path, lessons: Collection[str]) -> PathContent | None:
    members = fields.read_fields(source, source.text, 1)
    if members is None or not fields.check_fields(source, members, PATH_KEYS, 1):
        return None
    if members["id"].value != file.stem:
        text = "Name the file after the id of the path."
        source.fault(members["id"].line, members["id"].column, "FILE-NAME", text)
    days = tuple(_read_days(source, members["days"], lessons))
    if not days:
        source.fault(
            members["days"].line, members["days"].column, "NO-DAYS", "The path has no day."
        )
        return None
    return PathContent(
        id=members["id"].value,
        title=members["title"].value,
        summary=members["summary"].value,
        nice=tuple(members["nice"].value),
        days=days,
        file=file,
    )


def _read_days(source: Source, days: YamlField, lessons: Collection[str]) -> Iterator[PathDay]:
    names: set[str] = set()
    for day in days.items:
        if not fields.check_fields(source, day.members, DAY_KEYS, day.line):
            continue
        if not day.members["lessons"].items:
            source.fault(day.line, day.column, "NO-LESSONS", "This day has no lesson.")
        for item in day.members["lessons"].items:
            if item.value not in lessons:
                text = f"There is no lesson `{item.value}`."
                source.fault(item.line, item.column, "UNKNOWN-LESSON", text)
            if item.value in names:
                text = f"`{item.value}` stands in this path already."
                source.fault(item.line, item.column, "DUPLICATE-LESSON", text)
            names.add(item.value)
        yield PathDay(day.members["title"].value, tuple(day.members["lessons"].value))
