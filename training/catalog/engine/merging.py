"""What an import makes of a module whose files were edited here. For each file: whoever alone
changed it since the latest import is followed; where both did, ours stays and theirs is offered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.module_files import ModuleFiles, sha256, with_lock


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file as it stands here. `data` is None where it was taken out here; `imported_sha256` is
    the sum of what the latest import brought that was taken, empty where none did.
    """

    data: bytes | None
    imported_sha256: str

    @property
    def is_edited(self) -> bool:
        """Whether it was changed, added or taken out here."""
        return sha256(self.data) != self.imported_sha256


@dataclass(frozen=True, slots=True)
class MergedModule:
    """The files to publish; those that stay as they were edited here; and, of these, what the
    import would have in their place (None: nothing), where that is new.
    """

    files: dict[str, bytes]
    kept: tuple[str, ...] = ()
    offered: dict[str, bytes | None] = field(default_factory=dict)


def merge_module(published: Mapping[str, PublishedFile], incoming: ModuleFiles) -> MergedModule:
    """Return the files of a module after an import; none where it was taken out here."""
    facts = published.get("module.yaml")
    if facts is not None and facts.data is None:
        return MergedModule({}, tuple(sorted(incoming.keys() - {LOCK})))
    files: dict[str, bytes] = {}
    kept: list[str] = []
    offered: dict[str, bytes | None] = {}
    for path in sorted((published.keys() | incoming.keys()) - {LOCK}):
        here, new = published.get(path), incoming.get(path)
        data = new
        if here is not None and here.is_edited and sha256(here.data) != sha256(new):
            data = here.data
            kept.append(path)
            if sha256(new) != here.imported_sha256:
                offered[path] = new
        if data is not None:
            files[path] = data
    if kept:
        files = with_lock(files)
    elif LOCK in incoming:
        files[LOCK] = incoming[LOCK]
    return MergedModule(dict(sorted(files.items())), tuple(kept), offered)
