"""What became of a page of incidents."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Stored:
    """What became of the incidents of one page."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    flagged: int = 0
    merged: int = 0
    new_ids: list[int] = field(default_factory=list)
    changed_ids: list[int] = field(default_factory=list)
    merged_ids: list[int] = field(default_factory=list)
    reopened_ids: list[int] = field(default_factory=list)
