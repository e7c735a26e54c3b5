"""Read modules among all that are published here, as one curriculum."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from training.catalog.engine.curriculum import Curriculum, read_curriculum
from training.catalog.engine.faults import Fault
from training.catalog.engine.module_files import ModuleFiles, unpacked
from training.catalog.queries.sources import published_modules
from training.catalog.vocabulary import current_vocabulary

# What makes a text poorer but not wrong keeps nobody from learning: `training check` names it.
_NO_OBSTACLE = frozenset({"REVIEW-DUE", "UNKNOWN-MODULE", "NO-FEEDBACK"})


def obstacles(faults: Iterable[Fault]) -> list[Fault]:
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


def _is_about_modules(fault: Fault) -> bool:
    """Whether two modules have the same id or order: the other of them may be the new one."""
    return fault.code == "DUPLICATE-ID" and fault.path.endswith("/module.yaml")
