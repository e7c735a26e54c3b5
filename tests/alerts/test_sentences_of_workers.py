"""What workers write into rows is read in German by who reads German: each sentence of theirs is in
the list of its room.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import translation

from alerts.automation.wording import evidence_words
from alerts.intake.wording import reading_words
from alerts.outbox.wording import note_words
from alerts.readiness.stored_wording import stored_words
from alerts.sentinel.wording import error_words
from portal.formats.stored_sentences import in_readers_language
from tests.architecture.tree import HOME

# Where sentences of workers begin, and how pages read them.
WRITERS: dict[str, Callable[[str], str]] = {
    "alerts/sentinel/client/*.py": error_words,
    "alerts/intake/services/log_windows.py": reading_words,
    "alerts/intake/services/pages.py": reading_words,
    "alerts/outbox/services/*.py": note_words,
    "alerts/outbox/engine/rules.py": note_words,
    "alerts/automation/services/delivery.py": note_words,
    "alerts/automation/services/inventory.py": evidence_words,
    "alerts/automation/services/workflow_check.py": evidence_words,
    "alerts/automation/services/check_evidence.py": evidence_words,
    "alerts/readiness/services/*.py": stored_words,
    "alerts/readiness/engine/answers.py": stored_words,
}
# Sentences in these files that no row keeps, and where they go instead.
ELSEWHERE = {
    "A test by Tagout.": "into Sentinel, with the close of the test incident",
    "The check is over.": "the reason for a rule that is taken away; no page shows it",
    "Another worker has taken it over.": "what a command is told; the row is the other worker's",
    "Another worker has taken it over; what was sent will be found there.": "the same",
}
SENTENCE = re.compile(r"(\{x\}|[A-Z])[^\n]* [^\n]*\.")
SPOKEN = {"gettext", "gettext_lazy", "gettext_noop", "ValueError", "exception", "warning", "info"}


def sentences_in(path: Path) -> Iterator[str]:
    """What looks like a sentence and is neither a docstring, nor told to a person or to the log."""
    tree = ast.parse(path.read_text())
    passed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # docstrings among them
            passed |= {id(node.value)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SPOKEN:
            passed |= set(map(id, ast.walk(node)))
        elif isinstance(node, ast.JoinedStr):
            passed |= set(map(id, node.values))
    for node in ast.walk(tree):
        text = "" if id(node) in passed else text_of(node)
        if SENTENCE.fullmatch(text) and text not in ELSEWHERE:
            yield text


def text_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(p.value if isinstance(p, ast.Constant) else "{x}" for p in node.values)
    return ""


@pytest.mark.parametrize("pattern", WRITERS)
def test_each_sentence_of_a_worker_is_translated(pattern):
    paths = [path for path in HOME.glob(pattern) if not path.name.startswith("memory")]
    sentences = {text for path in paths for text in sentences_in(path)}
    assert sentences
    with translation.override("de"):
        kept = {text for text in sentences if WRITERS[pattern](text) == text}
    assert kept == set()


@pytest.mark.parametrize(
    ("kept", "german"),
    [
        (
            "Tried 4 times without success. Azure cannot be reached (TooSlow).",
            "4-mal ohne Erfolg versucht. Azure ist nicht erreichbar (TooSlow).",
        ),
        (
            "Azure does not allow this (AuthorizationFailed: The client has no role.).",
            "Azure erlaubt das nicht (AuthorizationFailed: The client has no role.).",
        ),
        ("The client has no role.", "The client has no role."),
    ],
)
def test_parts_are_translated_and_what_azure_said_stays(kept, german):
    with translation.override("de"):
        assert note_words(kept) == german


def test_names_that_look_like_a_place_are_left_alone():
    sentences = ("%(name)s has ended.",)
    assert in_readers_language("100 %(n)s has ended.", sentences) == "100 %(n)s has ended."
    assert in_readers_language("Nothing has", sentences) == "Nothing has"
