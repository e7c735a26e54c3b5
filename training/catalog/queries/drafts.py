"""What authors see: the files that are published, drafts of them, and modules as they would be with
drafts, checked alone or as one curriculum with all others.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Func, Max, QuerySet, TextField, Value
from django.db.models.functions import Coalesce

from training.catalog.engine import content as written
from training.catalog.engine.curriculum import Curriculum, read_curriculum
from training.catalog.engine.faults import ContentFault
from training.catalog.engine.learning_paths import PATHS_FOLDER
from training.catalog.engine.module_files import (
    LOCK_FILE,
    ModuleFiles,
    PublishedFile,
    unpacked,
    with_lock,
)
from training.catalog.models import (
    CurriculumImport,
    Draft,
    LearningPath,
    Lesson,
    Module,
    SourceFile,
)
from training.catalog.vocabulary import current_vocabulary

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
        .exclude(path=LOCK_FILE)
        .values_list("module__slug", flat=True)
    )
    offers = Counter(
        SourceFile.objects.filter(has_offer=True).values_list("module__slug", flat=True)
    )
    with_files = set(SourceFile.objects.values_list("module_id", flat=True).distinct())
    taught = set(Lesson.objects.filter(is_retired=False).values_list("module_id", flat=True))
    summaries = [
        ModuleSummary(
            slug=row.slug,
            title=row.title,
            order=row.order,
            has_files=row.pk in with_files,
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


# What makes a text poorer but not wrong keeps nobody from learning: `training check` names it.
_NO_OBSTACLE = frozenset({"REVIEW-DUE", "UNKNOWN-MODULE", "NO-FEEDBACK"})


def obstacles(faults: Iterable[ContentFault]) -> list[ContentFault]:
    """Return the faults that keep a text from being published."""
    return [fault for fault in faults if fault.code not in _NO_OBSTACLE]


@contextmanager
def read_together(
    modules: Mapping[str, ModuleFiles], *, replaced: Collection[str] = (), today: date
) -> Iterator[Curriculum]:
    """Give these modules, by the name of their folder, read among the published ones; `replaced`
    are folders of published modules that they stand for. Their files lie in a folder until the
    block ends.
    """
    others = {
        folder: files
        for folder, files in published_modules().items()
        if folder not in modules and folder not in replaced
    }
    places = tuple(f"modules/{name}/" for name in modules)
    with unpacked({**others, **modules}) as folder:
        curriculum = read_curriculum(folder / "modules", "modules", current_vocabulary(today))
        own = tuple(module for module in curriculum.modules if module.folder.name in modules)
        faults = tuple(
            fault
            for fault in curriculum.faults
            if fault.path.startswith(places)
            or _is_about_modules(fault)
            or fault.code == "DEAD-LINK"  # to what these modules do not have any more
        )
        yield Curriculum(own, faults)


def _is_about_modules(fault: ContentFault) -> bool:
    """Whether two modules have the same id or order: the other of them may be the new one."""
    return fault.code == "DUPLICATE-ID" and fault.path.endswith("/module.yaml")


_ORDER = re.compile(rb"^order:\s*(\d{1,2})\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DraftModule:
    """A module as it would be with drafts in it: its folder, its files, and the folder of the
    published module that it replaces (empty: a new one).
    """

    slug: str
    folder: str
    files: dict[str, bytes]
    replaced: str


@dataclass(frozen=True, slots=True)
class CheckedModule:
    """What was read of a module. `content` is None where its module.yaml cannot be used."""

    module: written.ModuleContent | None
    folder: str
    files: Mapping[str, bytes]
    faults: tuple[ContentFault, ...]

    def faults_in(self, path: str) -> list[ContentFault]:
        """Return the faults of one of its files."""
        return [fault for fault in self.faults if fault.path == f"modules/{self.folder}/{path}"]

    def lesson_of(self, path: str) -> written.LessonContent | None:
        """Return the lesson of a file, by the number that its name begins with."""
        for lesson in self.module.lessons if self.module else ():
            if "/" not in path and path.startswith(f"{lesson.number:02}-"):
                return lesson
        return None


def drafts_of(module_slug: str) -> QuerySet[Draft]:
    """Return what is being written in a module."""
    return Draft.objects.filter(module_slug=module_slug).select_related("edited_by")


def draft_at(module_slug: str, path: str) -> Draft | None:
    """Return what is being written of a file."""
    return drafts_of(module_slug).filter(path=path).first()


def published_file(module_slug: str, path: str) -> bytes | None:
    """Return a file as it is published; None where it is not."""
    if module_slug == PATHS_FOLDER:
        return path_files().get(path)
    row = SourceFile.objects.filter(module__slug=module_slug, path=path).first()
    return row.published.data if row else None


def published_files_of(drafts: Collection[Draft]) -> dict[int, bytes | None]:
    """Return what is published of the file of each draft, by the id of the draft."""
    slugs, paths = {draft.module_slug for draft in drafts}, {draft.path for draft in drafts}
    rows = SourceFile.objects.filter(module__slug__in=slugs, path__in=paths)
    files = {
        (row.module.slug, row.path): row.published.data for row in rows.select_related("module")
    }
    if PATHS_FOLDER in slugs:
        files |= {(PATHS_FOLDER, name): data for name, data in path_files().items()}
    return {draft.pk: files.get((draft.module_slug, draft.path)) for draft in drafts}


def draft_modules(drafts: Iterable[Draft]) -> list[DraftModule]:
    """Return the modules that these drafts change, as they would be with these alone."""
    by_slug: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_slug.setdefault(draft.module_slug, []).append(draft)
    rows = {row.slug: row for row in Module.objects.filter(slug__in=by_slug)}
    published = published_modules()
    return [_draft_module(slug, own, rows.get(slug), published) for slug, own in by_slug.items()]


def _draft_module(
    slug: str, drafts: list[Draft], row: Module | None, published: Mapping[str, ModuleFiles]
) -> DraftModule:
    files = dict(published.get(row.folder_name, {})) if row else {}
    name = (row.folder or row.slug) if row else drafts[0].folder
    for draft in drafts:
        data = draft.content
        if data is None:
            files.pop(draft.path, None)
        else:
            files[draft.path] = data
    # The order stands in module.yaml: the number of the folder follows it.
    match = _ORDER.search(files.get("module.yaml", b""))
    order = int(match[1]) if match else (row.order if row else 99)
    return DraftModule(slug, f"{order:02}-{name}", with_lock(files), row.folder_name if row else "")


@contextmanager
def check_module(module_slug: str, *, today: date) -> Iterator[CheckedModule | None]:
    """Give a module with all its drafts, checked by itself; None where there is none. Its files lie
    in a folder until the block ends.
    """
    drafts = list(drafts_of(module_slug))
    row = Module.objects.filter(slug=module_slug).first()
    if row is None and not drafts:
        yield None
        return
    published = published_modules()
    module = _draft_module(module_slug, drafts, row, published)
    others = {folder: files for folder, files in published.items() if folder != module.replaced}
    with unpacked({**others, module.folder: module.files}) as top:
        curriculum = read_curriculum(
            top / "modules" / module.folder, f"modules/{module.folder}", current_vocabulary(today)
        )
        content = curriculum.modules[0] if curriculum.modules else None
        yield CheckedModule(content, module.folder, module.files, curriculum.faults)
