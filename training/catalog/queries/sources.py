"""Reads of the files that modules were made of."""

from training.catalog.engine.merging import PublishedFile
from training.catalog.models import LearningPath, Module, SourceFile


def published_modules() -> dict[str, dict[str, bytes]]:
    """Return the files of every module that was imported since they are kept, by the name of its
    folder and their path: a curriculum as an author would have it.
    """
    modules: dict[str, dict[str, bytes]] = {}
    rows = SourceFile.objects.exclude(data=None).select_related("module")
    for row in rows.order_by("module__order", "module__slug", "path"):
        data = row.published.data
        if data is not None:
            modules.setdefault(row.module.folder_name, {})[row.path] = data
    return modules


def published_files(module: Module) -> dict[str, PublishedFile]:
    """Return the files of a module by their path, those that were taken out here included."""
    return {row.path: row.published for row in module.files.all()}


def path_files() -> dict[str, bytes]:
    """Return the files of the learning paths, by their names."""
    rows = LearningPath.objects.exclude(source=None)
    return {f"{row.slug}.yaml": bytes(row.source or b"") for row in rows}
