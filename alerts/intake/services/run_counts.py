"""What one pass over a workspace has found so far."""

from dataclasses import asdict, dataclass

from alerts.incidents.ingest.store import Stored


@dataclass(slots=True)
class RunCounts:
    """The counts of a run: `seen` is all that was listed."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    merged: int = 0
    deleted: int = 0
    flagged: int = 0
    newly_aside: int = 0  # of the quarantined those that were not put aside just so before

    @property
    def seen(self) -> int:
        """All that was listed."""
        return self.new + self.changed + self.unchanged + self.quarantined

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happened that is worth a line of its own."""
        return not (self.new or self.changed or self.newly_aside or self.deleted)

    def add(self, stored: Stored) -> None:
        """Count what storing has done."""
        self.new += stored.new
        self.changed += stored.changed
        self.unchanged += stored.unchanged
        self.merged += stored.merged
        self.flagged += stored.flagged

    def add_up(self, other: "RunCounts") -> None:
        """Count what another pass has found, too."""
        for name, n in asdict(other).items():
            setattr(self, name, getattr(self, name) + n)

    def as_columns(self) -> dict[str, int]:
        """The counts by the names of the run's columns."""
        counts = asdict(self)
        del counts["newly_aside"]
        return {"seen": self.seen, **counts}
