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


def test_names_of_others_are_left_alone():
    code = "file.tell(); record('asked', told=3); rows.filter(seen=1); print(row.said, 'given')"
    assert all(is_plain(name) for name, _line in bound_names(ast.parse(code)))
