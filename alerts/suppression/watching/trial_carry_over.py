"""Whether a version keeps the trial of the one that lives, in words for who signs it."""

from dataclasses import dataclass

from django.utils.translation import gettext

from alerts.suppression.engine.guards.trial_carry_over import trial_carry_over
from alerts.suppression.models import RuleVersion, State


@dataclass(frozen=True, slots=True)
class CarryOver:
    """The live version whose trial counts, and whom people have to meet first, in lower case."""

    before: RuleVersion
    newcomers: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What that means for the version."""
        words = {"n": self.before.number, "names": ", ".join(self.newcomers)}
        if not self.newcomers:
            return (
                gettext(
                    "It closes nothing that version %(n)s does not close, so that trial counts."
                )
                % words
            )
        return (
            gettext(
                "Apart from new devices it closes nothing that version %(n)s does not close, so"
                " that trial counts. A person sees the first incident of each: %(names)s."
            )
            % words
        )


def carry_over_for(version: RuleVersion) -> CarryOver | None:
    """Return what a version would keep if its trial began now; None where it has its own."""
    if version.number == 1:
        return None
    before = RuleVersion.objects.filter(rule=version.rule_id, state=State.LIVE).first()
    kept = trial_carry_over(before.said, version.said) if before else None
    if before is None or kept is None:
        return None
    return CarryOver(before, tuple(sorted(kept.newcomers.union(before.newcomers))))
