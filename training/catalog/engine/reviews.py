"""What each alert type shows of ATT&CK for ICS, as a person read it: `alert_type_reviews.yaml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import yaml

from portal.attack import engine as attack
from training.catalog.engine import fields
from training.catalog.engine.faults import Source, Vocabulary
from training.catalog.engine.fields import Key, YamlField

REVIEWS_FILE = "alert_type_reviews.yaml"
TECHNIQUE_ID = re.compile(r"\bT\d{4}(?:\.\d{3})?\b")


def _is_reviews(field: YamlField) -> str | None:
    if isinstance(field.value, list) and all(isinstance(row, dict) for row in field.value):
        return None
    return "must be a list of alert types, each with its techniques and a note."


FILE_KEYS = {
    "reviewer": Key(fields.is_text),
    "date": Key(fields.is_date),
    "attack_version": Key(fields.is_text),
    "reviews": Key(_is_reviews),
}
REVIEW_KEYS = {
    "alert_type": Key(fields.is_text),
    "techniques": Key(fields.is_list(fields.is_text)),
    "note": Key(fields.is_text),
}


@dataclass(frozen=True, slots=True)
class TypeReview:
    """One reading of an alert type. Without techniques it is that the type names no act."""

    alert_type: str
    techniques: tuple[str, ...]
    note: str
    reviewer: str
    attack_version: str
    shipped_on: date | None = None  # of a review that ships with Tagout
    reviewed_at: datetime | None = None  # of a review of this deployment

    @property
    def current_techniques(self) -> frozenset[str]:
        """The techniques by the ids of the release in use."""
        return frozenset(map(attack.resolve, self.techniques))


def load_reviews(text: str) -> dict[str, TypeReview]:
    """Return the reviews of a file without faults, by alert type."""
    document = yaml.load(text, yaml.CSafeLoader)
    return {
        row["alert_type"]: TypeReview(
            alert_type=row["alert_type"],
            techniques=tuple(row["techniques"]),
            note=row["note"].strip(),
            reviewer=document["reviewer"],
            attack_version=document["attack_version"],
            shipped_on=document["date"],
        )
        for row in document["reviews"]
    }


def check_reviews(source: Source, vocabulary: Vocabulary) -> None:
    """Note what is wrong with a file of reviews, and which alert types it leaves out."""
    members = fields.read_fields(source, source.text, 1)
    if members is None or not fields.check_fields(source, members, FILE_KEYS, 1):
        return
    lines: dict[str, int] = {}
    version = members["attack_version"]
    if version.value != attack.version():
        text = f"Reviews are checked against ATT&CK for ICS {attack.version()}."
        source.fault(version.line, version.column, "ATTACK-VERSION", text)
    for row in members["reviews"].items:
        if not fields.check_fields(source, row.members, REVIEW_KEYS, row.line):
            continue
        _check_review(source, row.members, vocabulary)
        title = row.members["alert_type"]
        if (line := lines.setdefault(title.value, title.line)) != title.line:
            text = f"“{title.value}” was reviewed on line {line}."
            source.fault(title.line, title.column, "REVIEWED-TWICE", text)
    for title_without in sorted(vocabulary.alert_titles - lines.keys()):
        field = members["reviews"]
        source.fault(field.line, field.column, "NOT-REVIEWED", f"“{title_without}” has no review.")


def _check_review(source: Source, row: Mapping[str, YamlField], vocabulary: Vocabulary) -> None:
    title, note = row["alert_type"], row["note"]
    vocabulary.check_alert_type(source, title.line, title.column, title.value)
    ids = set()
    for item in row["techniques"].items:
        vocabulary.check_technique(source, item.line, item.column, item.value)
        if item.value in ids:
            text = f"{item.value} is named twice."
            source.fault(item.line, item.column, "TECHNIQUE-TWICE", text)
        ids.add(item.value)
    # A note may name ids out of use, which vendors still print, but none that never was.
    for technique_id in TECHNIQUE_ID.findall(note.value):
        if attack.technique(technique_id) is None:
            text = f"ATT&CK for ICS {attack.version()} has no technique {technique_id}."
            lines = (note.line, len(source.lines))
            source.fault_at(lines, technique_id, "UNKNOWN-TECHNIQUE", text)
