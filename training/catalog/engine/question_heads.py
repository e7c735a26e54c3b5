"""Reads the head of a question: ::: question {#id type=single technique=T0858 pcap=pcap/a.pcap}."""

import re

from training.catalog.engine.content import Question, QuestionType
from training.catalog.engine.faults import Source
from training.catalog.engine.fields import SLUG

_HEAD = re.compile(r"\s*question\s*(\{(.*)\})?\s*$")
_ATTRIBUTE = re.compile(r'#(?P<id>\S+)|(?P<name>[\w-]+)=(?:"(?P<quoted>[^"]*)"|(?P<value>\S*))|\S+')
_NAMES = frozenset({"type", "technique", "pcap", "lab", "shuffle", "minor"})


def read_head(source: Source, info: str, line: int) -> Question | None:
    """Return a question that has a head only; None where the head is wrong."""
    found = _HEAD.match(info)
    if not found or found[2] is None:
        text = "Write ::: question {#id type=single}."
        source.fault(line, source.indent(line), "QUESTION-HEAD", text)
        return None
    question_id, given = _read_attributes(source, found[2], line)
    kind = given.get("type", "")
    if not SLUG.fullmatch(question_id):
        text = "A question needs an id of small letters, digits and hyphens: {#first-step}."
        source.fault_at((line, line), "{", "QUESTION-HEAD", text)
        return None
    if kind not in set(QuestionType):
        known = ", ".join(QuestionType)
        wanted = f"type={kind}" if "type" in given else "{"
        text = f"The type of a question is one of: {known}."
        source.fault_at((line, line), wanted, "QUESTION-TYPE", text)
        return None
    techniques = given.get("technique", "")
    return Question(
        id=question_id,
        type=QuestionType(kind),
        prompt="",
        prompt_html="",
        techniques=tuple(techniques.split(",")) if techniques else (),
        capture=given.get("pcap", ""),
        lab=given.get("lab", ""),
        is_shuffled=given.get("shuffle") != "no",
        is_minor_edit=given.get("minor") == "true",
    )


def _read_attributes(source: Source, text: str, line: int) -> tuple[str, dict[str, str]]:
    offset = source.lines[line - 1].find("{") + 2
    question_id, given = "", {}
    for found in _ATTRIBUTE.finditer(text):
        column, name = offset + found.start(), found["name"]
        if found["id"]:
            question_id = found["id"]
        elif name is None or name not in _NAMES:
            known = ", ".join(sorted(_NAMES))
            text = f"`{found[0]}` is not one of: #id, {known}."
            source.fault(line, column, "QUESTION-ATTRIBUTE", text)
        elif name in given:
            source.fault(line, column, "QUESTION-ATTRIBUTE", f"`{name}` is given twice.")
        else:
            given[name] = found["quoted"] if found["value"] is None else found["value"]
    return question_id, given
