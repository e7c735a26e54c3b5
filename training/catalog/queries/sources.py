"""Reads of the files that modules were made of."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import F, Func, Max, QuerySet, TextField, Value
from django.db.models.functions import Coalesce

from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.merging import PublishedFile
from training.catalog.models import (
    CurriculumImport,
    Draft,
    LearningPath,
    Lesson,
    Module,
    SourceFile,
)

_SHA256 = Coalesce(
    Func(
        Func(F("data"), function="sha256"),
        Value("hex"),
        function="encode",
        output_field=TextField(),
    ),
    Value(""),
    output_field=TextField(),
)


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


def latest_publication() -> int:
    """Return the id of the latest import or publication: while it stays, so do the files."""
    return CurriculumImport.objects.aggregate(latest=Max("pk"))["latest"] or 0


def published_files(module: Module) -> dict[str, PublishedFile]:
    """Return the files of a module by their path, those that were taken out here included."""
    return {row.path: row.published for row in module.files.all()}


@dataclass(frozen=True, slots=True)
class ModuleSummary:
    """A module as its authors see it in a list: how many files are being written, edited here since
    the latest import, and brought by it in another version. A new one has no title yet; a removed
    one has no lesson any more.
    """

    slug: str
    title: str
    order: int
    has_files: bool
    is_removed: bool
    drafts: int
    edited: int
    offers: int


def module_summaries() -> list[ModuleSummary]:
    """Return all modules in order, then those that are only drafts."""
    drafts = Counter(Draft.objects.values_list("module_slug", flat=True))
    edited = Counter(
        SourceFile.objects.annotate(sum=_SHA256)
        .exclude(sum=F("imported_sha256"))
        .exclude(path=LOCK)
        .values_list("module__slug", flat=True)
    )
    offers = Counter(
        SourceFile.objects.filter(has_offer=True).values_list("module__slug", flat=True)
    )
    kept = set(SourceFile.objects.values_list("module_id", flat=True).distinct())
    taught = set(Lesson.objects.filter(is_retired=False).values_list("module_id", flat=True))
    summaries = [
        ModuleSummary(
            slug=row.slug,
            title=row.title,
            order=row.order,
            has_files=row.pk in kept,
            is_removed=row.pk not in taught,
            drafts=drafts.pop(row.slug, 0),
            edited=edited[row.slug],
            offers=offers[row.slug],
        )
        for row in Module.objects.all()
    ]
    return summaries + [
        ModuleSummary(slug, "", 0, True, False, count, 0, 0)
        for slug, count in sorted(drafts.items())
    ]


def offers_of(module_slug: str) -> QuerySet[SourceFile]:
    """Return the files for which an import brought another text than the one edited here."""
    return SourceFile.objects.filter(module__slug=module_slug, has_offer=True)


def path_files() -> dict[str, bytes]:
    """Return the files of the learning paths, by their names."""
    rows = LearningPath.objects.filter(is_retired=False).exclude(source=None)
    return {f"{row.slug}.yaml": bytes(row.source or b"") for row in rows}


def path_titles() -> dict[str, str]:
    """Return the titles of the learning paths, by the names of their files."""
    rows = LearningPath.objects.filter(is_retired=False).values_list("slug", "title")
    return {f"{slug}.yaml": title for slug, title in rows}


def source_files() -> dict[str, bytes]:
    """Return all published files as an author has them: `modules/<folder>/…` and `paths/…`."""
    files = {
        f"modules/{folder}/{path}": data
        for folder, own in published_modules().items()
        for path, data in own.items()
    }
    return files | {f"paths/{name}": data for name, data in path_files().items()}
