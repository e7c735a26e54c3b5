"""What the world outside a text knows: alert titles, colours, techniques and today's date."""

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from portal.attack import engine as attack
from training.catalog.engine.faults import Source


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that texts may use. `colours` are the custom properties of the style sheet; where
    there are none, any name passes.
    """

    today: date
    alert_titles: frozenset[str]
    colours: frozenset[str] = frozenset()

    def check_technique(self, source: Source, line: int, column: int, technique_id: str) -> None:
        """Note a technique that ATT&CK for ICS does not know, or knows no more."""
        known = attack.technique(technique_id)
        if known is None or known.id != technique_id:
            text = f"ATT&CK for ICS {attack.version()} has no technique {technique_id}."
            source.fault(line, column, "UNKNOWN-TECHNIQUE", text)
        elif known.is_revoked or known.current_id != known.id:
            current = known.current_id
            text = f"{technique_id} was revoked. Use {current}, {_name(current)}."
            source.fault(line, column, "REVOKED-TECHNIQUE", text)
        elif known.is_deprecated:
            text = f"{technique_id} ({known.name}) is deprecated and has no successor."
            source.fault(line, column, "DEPRECATED-TECHNIQUE", text)

    def check_alert_type(self, source: Source, line: int, column: int, title: str) -> None:
        """Note a title that is not in the product's catalogue of alert types."""
        if title in self.alert_titles:
            return
        close = get_close_matches(title, self.alert_titles, n=1)
        hint = f" Did you mean “{close[0]}”?" if close else ""
        source.fault(line, column, "UNKNOWN-ALERT-TYPE", f"No alert is titled “{title}”.{hint}")


def _name(technique_id: str) -> str:
    known = attack.technique(technique_id)
    return known.full_name if known else technique_id
