"""Templates and `format_html` escape HTML; few places mark text as safe, and each says why."""

import ast
import re

from tests.architecture.tree import HOME, parse, sources

PRODUCT = ("portal", "alerts", "training")
# Each file that marks text as safe, and why nothing that people typed is in it unescaped.
MAY_MARK = {
    "portal/ui/tags/html.py": "what a template of the kit or another view has escaped already",
    "training/matrix/web/cells.py": "a name, escaped first, that may break behind a slash",
    # Lessons: catalog/engine makes their HTML from Markdown and checks each figure.
    "training/catalog/web/views/editor.py": "the preview of a draft",
    "training/progress/web/questions.py": "questions and feedback of a lesson",
    "training/progress/web/views/lessons.py": "the blocks of a lesson",
    "training/progress/web/views/preview.py": "the blocks of a draft",
}
UNESCAPED = re.compile(r"\|\s*(safe|safeseq)\b|autoescape\s+off")


def marks_safe(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in {"mark_safe", "SafeString", "SafeText"}
        for node in ast.walk(tree)
    )


def test_only_these_files_mark_text_as_safe():
    paths = [path for path in sources(".py") if path.parts[0] in PRODUCT]
    assert {str(path) for path in paths if marks_safe(parse(path))} == set(MAY_MARK)


def test_templates_escape_everything():
    pages = [path for path in sources(".html") if path.parts[0] == "templates"]
    assert len(pages) > 100
    assert not [str(path) for path in pages if UNESCAPED.search((HOME / path).read_text())]


def test_a_mark_is_found_however_it_is_called():
    for text in ("mark_safe(x)", "safestring.SafeString(x)", "f = lambda: mark_safe(x)"):
        assert marks_safe(ast.parse(text))
    assert not marks_safe(ast.parse("def f() -> SafeString: ..."))
    assert UNESCAPED.search("{{ name|safe }}") and not UNESCAPED.search("{{ name|safely }}")
