"""Whether a version keeps the trial of the one that lives, in words for who signs it."""

from dataclasses import dataclass

from django.utils.translation import gettext

from alerts.suppression.engine.guards.kept_trial import kept_trial
from alerts.suppression.models import RuleVersion, State


@dataclass(frozen=True, slots=True)
class Kept:
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


def trial_kept_by(version: RuleVersion) -> Kept | None:
    """Return what a version would keep if its trial began now; None where it has its own."""
    if version.number == 1:
        return None
    before = RuleVersion.objects.filter(rule=version.rule_id, state=State.LIVE).first()
    kept = kept_trial(before.said, version.said) if before else None
    if before is None or kept is None:
        return None
    return Kept(before, tuple(sorted(kept.newcomers.union(before.newcomers))))
