"""Names are nouns for things: nothing in the product is called by a participle or pronoun that says
nothing of what it holds, nor by a word of the old private vocabulary. `signatures` can be guessed
by its reader, `given` has to be looked up.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import WINGS, parse, sources

PRODUCT = {*WINGS, "simulator", "bench", "tools", "embedded.py", "docker", "docs"}
WORDS = {
    *(
        "said",
        "told",
        "given",
        "known",
        "held",
        "seen",
        "each",
        "mine",
        "tell",
        "speaking",
        "wider",
    ),
    *(
        "Said",
        "Seen",
        "Sight",
        "sights",
        "copying",
        "remarks",
        "papers",
        "salvage",
        "Doer",
        "Haste",
    ),
    *("KeepNothing", "RefuseNul", "far_end", "far_ends", "look_again", "new_lines"),
}
SPEECH = {  # in no part of a name: data does not speak, and what it owes has a noun
    *("say", "says", "said", "unsaid", "tell", "tells", "told", "untold"),
    *("speak", "speaks", "spoken", "hear", "hears", "heard", "knows", "meant"),
    *("stand", "stands", "wants", "owe", "owes", "owed"),
    *("nobody", "somebody", "anybody", "whoever"),
}
PART = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
STORED = {  # columns, and members of JSON that is stored or answered: others rely on their names
    ("alerts/dashboards/api/views.py", "details_owed"),
    ("alerts/dashboards/api/views.py", "owed"),
    ("alerts/incidents/api/listings.py", "is_owed"),
    ("alerts/incidents/ingest/overlay.py", "owed"),
    ("alerts/incidents/models/bulk_act.py", "said"),
    ("alerts/incidents/models/context.py", "is_owed"),
    ("alerts/incidents/models/group.py", "seen"),
    ("alerts/incidents/models/incident.py", "owed"),
    ("alerts/intake/models.py", "seen"),
    ("alerts/planned_work/api/listings.py", "told_by"),
    ("alerts/suppression/api/deployments.py", "stands_everywhere"),
    ("alerts/suppression/api/listings.py", "stands_everywhere"),
    ("portal/celery.py", "safe_say"),  # Celery's
    ("portal/jobs/models.py", "heard_at"),
    ("training/catalog/engine/content.py", "known"),
    ("training/catalog/engine/content.py", "ot_says"),
    ("training/matrix/api/views.py", "seen"),
}

PARTICIPLES = {"given", "heard", "held", "kept", "known", "said", "seen", "told"}
WITH_PARTICIPLE = {  # public names that have one still: the list only gets shorter
    ("alerts/dashboards/api/views.py", "given_up"),  # answered by the API, as those of listings
    ("alerts/dashboards/queries/status.py", "given_up"),
    ("alerts/dashboards/queries/status.py", "given_up_in_all"),
    ("alerts/incidents/api/listings.py", "kept"),
    ("alerts/incidents/models/bulk_act.py", "said"),  # columns
    ("alerts/incidents/models/group.py", "seen"),
    ("alerts/incidents/page/sentinel_writes.py", "kept"),
    ("alerts/intake/models.py", "known_hints"),
    ("alerts/intake/models.py", "seen"),
    ("alerts/intake/push/queries.py", "known_hints"),
    ("alerts/outbox/queries.py", "given_up"),
    ("alerts/patterns/api/listings.py", "days_seen"),
    ("alerts/patterns/engine/sides.py", "known_count"),
    ("alerts/patterns/models.py", "days_seen"),
    ("alerts/planned_work/api/listings.py", "told_by"),
    ("alerts/rules/trial.py", "is_kept"),
    ("alerts/suppression/api/ledger.py", "kept_open"),
    ("alerts/suppression/api/rule_facts.py", "kept_open"),
    ("alerts/rules/decision.py", "is_kept_open"),
    ("alerts/suppression/models/ledger.py", "HeldIncident"),
    ("alerts/suppression/models/ledger.py", "kept_open"),
    ("alerts/suppression/signing/signing_context.py", "seen_hash"),
    ("alerts/suppression/watching/trials.py", "kept"),
    ("alerts/suppression/watching/trials.py", "kept_number"),
    ("alerts/suppression/watching/trials.py", "kept_open"),
    ("alerts/suppression/web/views/ledger.py", "kept_open"),
    ("portal/accounts/models.py", "given_name"),  # OpenID Connect's
    ("portal/notifications/queries.py", "given_up"),
    ("training/catalog/engine/content.py", "known"),
    ("training/matrix/api/views.py", "seen"),
}
SPOKEN = re.compile(
    r"\b(says?|said|tells?|told|knows?|wants?|stands?|stood|speaks?|hears?|heard)\b", re.I
)
MAX_SPOKEN = 304  # docstrings with such a verb, also of people: the number only goes down


def product() -> list[Path]:
    """The Python files that are installed or shipped with the product, without tests."""
    return [path for path in sources(".py") if path.parts[0] in PRODUCT]


def bound_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every name that the code gives to something, with its line. Names of others that it
    only uses are not among them: attributes that it reads, keywords of a call, texts.
    """
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name, node.lineno
            case ast.AsyncFunctionDef(name=name) | ast.TypeVar(name=name):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node.lineno
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno


def is_plain(name: str) -> bool:
    """Whether a name is none of the words and has no verb of speech; a leading underscore changes
    nothing.
    """
    parts = {part.lower() for part in PART.findall(name)}
    return name.strip("_") not in WORDS and not parts & SPEECH


def test_names_of_the_product_are_plain():
    lines = {
        (str(path), name): line
        for path in product()
        for name, line in bound_names(parse(path))
        if "migrations" not in path.parts
        if not is_plain(name)
    }
    hint = "name the thing: values, payload, rule, answer, rows, ids, text"
    assert not {key: line for key, line in lines.items() if key not in STORED}, hint
    assert not STORED - lines.keys(), "take what is gone out of STORED"


def public_names(tree: ast.AST) -> Iterator[str]:
    """Yield the names of public classes and functions, and of fields of classes."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
        for part in node.body if isinstance(node, ast.ClassDef) else ():
            match part:
                case (
                    ast.AnnAssign(target=ast.Name(id=name))
                    | ast.Assign(targets=[ast.Name(id=name)])
                ):
                    yield name


def has_participle(name: str) -> bool:
    """Whether a public name has a participle in it; moments (`seen_at`, `known_until`) may."""
    parts = [part.lower() for part in PART.findall(name)]
    is_moment = parts[-1:] in (["at"], ["from"], ["until"])
    return not name.startswith("_") and not is_moment and bool({*parts} & PARTICIPLES)


def test_public_names_are_nouns_and_verbs_rather_than_participles():
    names = {
        (str(path), name)
        for path in product()
        for name in public_names(parse(path))
        if has_participle(name)
    }
    assert not names - WITH_PARTICIPLE, "name the thing: a hold, what is stored, the look"
    assert not WITH_PARTICIPLE - names, "take what is gone out of WITH_PARTICIPLE"


def docstrings(tree: ast.AST) -> Iterator[str]:
    """Yield the docstrings of a module, its classes and its functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def test_data_speaks_in_ever_fewer_docstrings():
    spoken = [
        f"{path}: {text.splitlines()[0]}"
        for path in product()
        for text in docstrings(parse(path))
        if SPOKEN.search(text)
    ]
    hint = "data returns, stores, sends, refuses, has or shows; only people say and know"
    assert len(spoken) <= MAX_SPOKEN, "\n".join([hint, *spoken])


def test_modules_and_folders_of_the_product_are_plain():
    assert not [path for path in product() if not all(map(is_plain, path.with_suffix("").parts))]


@pytest.mark.parametrize(
    "code",
    [
        "given = 1",
        "def ask(*, said): pass",
        "def tell(): pass",
        "class Seen: pass",
        "[each for each in ()]",
        "self._held = {}",
        "class Row:\n    told: int",
        "if (known := 1): pass",
        "import csv as papers",
        "with open(__file__) as held: pass",
        "match 1:\n    case known: pass",
        "try: pass\nexcept OSError as said: pass",
        "def tell_of_devices(): pass",
        "NONE_TOLD = ''",
        "class OwedWork: pass",
        "row.details_owed = 1",
    ],
)
def test_a_name_that_comes_back_is_found(code):
    assert not all(is_plain(name) for name, _line in bound_names(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "class HeldIncident: pass",
        "def known_devices(): pass",
        "class Row:\n    kept_open: bool",
        "class Row:\n    seen = 1",
    ],
)
def test_a_participle_in_a_public_name_is_found(code):
    assert any(map(has_participle, public_names(ast.parse(code))))


@pytest.mark.parametrize("name", ["seen_at", "known_until", "_kept", "IncidentHold", "unknown"])
def test_moments_and_private_names_may_have_one(name):
    assert not has_participle(name)


def test_names_of_others_are_left_alone():
    code = "file.tell(); record('asked', told=3); rows.filter(seen=1); print(row.said, 'given')"
    assert all(is_plain(name) for name, _line in bound_names(ast.parse(code)))
