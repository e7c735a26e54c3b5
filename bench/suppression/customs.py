"""How sites differ in what Tagout gets from them; drawn from the seed, not from the truth."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.scenarios.chance import dice
from simulator.scenarios.scenario import Scenario

LATE = timedelta(days=14)  # after the first rules are signed


@dataclass(frozen=True, slots=True)
class Customs:
    """The customs of one site."""

    soc_takes: bool  # who closes an incident is its owner; else it is closed without one
    calendar_from: datetime | None  # planned work is imported from then on; None: always
    verdicts_by_file: bool  # what OT said before Tagout comes in a file

    def as_json(self) -> dict[str, object]:
        """Return them for the report."""
        return {
            "soc_takes": self.soc_takes,
            "calendar_is_late": self.calendar_from is not None,
            "verdicts_by_file": self.verdicts_by_file,
        }


def customs_of(scenario: Scenario) -> dict[str, Customs]:
    """Return the customs of each site: of three, one or two have each of them."""
    found = {}
    for site in scenario.sites:
        rng = dice(scenario.shape, scenario.seed, site.name, "customs")
        found[site.name] = Customs(
            soc_takes=rng.random() >= 0.4,
            calendar_from=scenario.split_at + LATE if rng.random() < 0.3 else None,
            verdicts_by_file=rng.random() < 0.3,
        )
    return found
