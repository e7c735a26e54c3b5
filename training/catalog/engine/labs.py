"""Reads a lab: an alert as it was when somebody had to judge it, and OT's judgement. A lab is
`labs/<name>.yaml` in the folder of a module; a question of the type `triage` asks it.
"""

from collections.abc import Mapping
from pathlib import Path

from training.catalog.engine import fields
from training.catalog.engine.content import CaseChoice, CaseEnd, CaseVerdict, Fact, Lab
from training.catalog.engine.faults import Report, Source, Vocabulary
from training.catalog.engine.fields import Key, YamlField
from training.catalog.engine.texts import read_text_file

MIN_REASONS, MAX_REASONS = 4, 8
SEVERITIES = ("Informational", "Low", "Medium", "High")

LAB_KEYS = {
    "alert": Key(fields.is_mapping),
    "source": Key(fields.is_mapping),
    "destination": Key(fields.is_mapping),
    "known": Key(fields.is_list(fields.is_mapping)),
    "verdicts": Key(fields.is_mapping),
    "reasons": Key(fields.is_list(fields.is_mapping)),
    "next_steps": Key(fields.is_list(fields.is_mapping)),
    "key": Key(fields.is_mapping),
    "ot_says": Key(fields.is_text),
    "decided": Key(fields.is_text),
    "not_decided": Key(fields.is_text),
}
ALERT_KEYS = {
    "type": Key(fields.is_text),
    "severity": Key(fields.is_one_of(SEVERITIES)),
    "raised": Key(fields.is_text),
    "sentence": Key(fields.is_text),
    "traffic": Key(fields.is_text),
}
END_KEYS = {
    "name": Key(fields.is_text),
    "role": Key(fields.is_text),
    "address": Key(fields.is_text, is_required=False),
    "level": Key(fields.is_text, is_required=False),
}
FACT_KEYS = {"text": Key(fields.is_text), "holds": Key(fields.is_flag)}
CHOICE_KEYS = {
    "id": Key(fields.is_slug),
    "text": Key(fields.is_text),
    "feedback": Key(fields.is_text),
    "unsafe": Key(fields.is_flag, is_required=False),
}
VERDICT_KEYS = {verdict.value: Key(fields.is_text) for verdict in CaseVerdict}
KEY_KEYS = {
    "verdict": Key(fields.is_one_of(tuple(CaseVerdict))),
    "reason": Key(fields.is_slug),
    "next_step": Key(fields.is_slug),
}


def read_labs(
    module: Path, display_path: str, report: Report, vocabulary: Vocabulary
) -> dict[str, Lab | None]:
    """Return the labs of a module by name; None for one that cannot be used."""
    folder = module / "labs"
    if not folder.is_dir():
        return {}
    labs: dict[str, Lab | None] = {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith("."):
            continue
        name = f"{display_path}/labs/{file.name}"
        if file.suffix != ".yaml" or not fields.SLUG.fullmatch(file.stem):
            report.add(name, 1, 1, "STRAY-FILE", "Name a lab after what happens: stop-plc.yaml.")
            continue
        source = read_text_file(file, name, report)
        labs[file.stem] = _read_lab(source, vocabulary) if source else None
    return labs


def _read_lab(source: Source, vocabulary: Vocabulary) -> Lab | None:
    members = fields.read_fields(source, source.text, 1)
    if members is None or not fields.check_fields(source, members, LAB_KEYS, 1):
        return None
    parts = {
        "alert": ALERT_KEYS,
        "source": END_KEYS,
        "destination": END_KEYS,
        "verdicts": VERDICT_KEYS,
        "key": KEY_KEYS,
    }
    items = {"known": FACT_KEYS, "reasons": CHOICE_KEYS, "next_steps": CHOICE_KEYS}
    checks = [
        fields.check_fields(source, members[name].members, keys, members[name].line)
        for name, keys in parts.items()
    ] + [
        fields.check_fields(source, item.members, keys, item.line)
        for name, keys in items.items()
        for item in members[name].items
    ]
    if not all(checks):
        return None
    alert_type = members["alert"].members["type"]
    vocabulary.check_alert_type(source, alert_type.line, alert_type.column, alert_type.value)
    return _lab(members) if _check_choices(source, members) else None


def _check_choices(source: Source, members: Mapping[str, YamlField]) -> bool:
    """Check reasons and steps. Return whether the key names one of each, so that it can be told."""
    reasons, key = members["reasons"], members["key"].members
    if not MIN_REASONS <= len(reasons.items) <= MAX_REASONS:
        text = f"Offer {MIN_REASONS} to {MAX_REASONS} reasons."
        source.fault(reasons.line, reasons.column, "LAB-REASONS", text)
    is_answerable = True
    for name, of in (("reason", "reasons"), ("next_step", "next_steps")):
        by_id: dict[str, YamlField] = {}
        for item in members[of].items:
            field = item.members["id"]
            if field.value in by_id:
                text = f"The id `{field.value}` is used in this list already."
                source.fault(field.line, field.column, "DUPLICATE-ID", text)
            by_id[field.value] = item
        right = by_id.get(key[name].value)
        if right is None:
            is_answerable = False
            text = f"`{key[name].value}` is not among the {of.replace('_', ' ')}."
            source.fault(key[name].line, key[name].column, "LAB-KEY", text)
        elif "unsafe" in right.members and right.members["unsafe"].value:
            text = f"`{key[name].value}` is unsafe; it cannot be the right step."
            source.fault(key[name].line, key[name].column, "LAB-KEY", text)
    return is_answerable


def _lab(members: Mapping[str, YamlField]) -> Lab:
    alert, key = _texts(members["alert"]), _texts(members["key"])
    return Lab(
        alert_type=alert["type"],
        severity=alert["severity"],
        raised=alert["raised"],
        sentence=alert["sentence"],
        traffic=alert["traffic"],
        source=_end(members["source"]),
        destination=_end(members["destination"]),
        known=tuple(Fact(**item.value) for item in members["known"].items),
        verdicts=_texts(members["verdicts"]),
        reasons=_choices(members["reasons"]),
        next_steps=_choices(members["next_steps"]),
        verdict=CaseVerdict(key["verdict"]),
        reason=key["reason"],
        next_step=key["next_step"],
        ot_says=members["ot_says"].value.strip(),
        decided=members["decided"].value.strip(),
        not_decided=members["not_decided"].value.strip(),
    )


def _texts(field: YamlField) -> dict[str, str]:
    return {name: str(member.value).strip() for name, member in field.members.items()}


def _end(field: YamlField) -> CaseEnd:
    return CaseEnd(**_texts(field))


def _choices(field: YamlField) -> tuple[CaseChoice, ...]:
    return tuple(
        CaseChoice(
            id=item.members["id"].value,
            text=item.members["text"].value.strip(),
            feedback=item.members["feedback"].value.strip(),
            is_unsafe="unsafe" in item.members and item.members["unsafe"].value,
        )
        for item in field.items
    )
