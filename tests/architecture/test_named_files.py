"""Files and names in the guides and docs exist, and the index of decisions is complete."""

import re
from pathlib import Path

import pytest

from tests.architecture.tree import HOME, tracked

GUIDES = ("CONTRIBUTING.md", "docs/architecture.md")
CODE = (".py", ".sh", ".yml", ".toml", "Makefile")
DECISIONS = Path("docs/decisions")
FILES = [str(path) for path in tracked()]
PAGES = [file for file in FILES if re.fullmatch(r"(docs/)?(decisions/)?[^/]+\.md", file)]
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:css|html|js|json|md|po|py|toml|yaml|yml)))`")
_NAME = re.compile(r"`(_?[A-Za-z]+(?:_[A-Za-z]+|[a-z][A-Z])\w*|[A-Z][A-Za-z]+)(?:\(\))?`")
_CLASS = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]*)*")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
_INDEX_ROW = re.compile(
    r"^\| \[(\d{4})\]\((\1-[a-z0-9-]+\.md)\) \| \S.+\. \| (.+) \|$", re.MULTILINE
)
_STATUS = re.compile(r"(in force|replaced by \d{4}|withdrawn)(; .+)?")


def is_there(name: str) -> bool:
    """Whether this is a tracked file or folder, named from the top or from within a room."""
    end = name.rstrip("/")
    return any(f"/{file}".endswith(f"/{end}") or f"/{end}/" in f"/{file}" for file in FILES)


@pytest.mark.parametrize("guide", GUIDES)
def test_files_that_a_guide_names_exist(guide):
    names = _PATH.findall((HOME / guide).read_text(encoding="utf-8"))
    assert len(names) > 10
    assert not [name for name in names if not is_there(name)]


@pytest.mark.parametrize("guide", GUIDES)
def test_names_in_a_guide_are_defined(guide):
    names = set(_NAME.findall((HOME / guide).read_text(encoding="utf-8")))
    texts = [(HOME / file).read_text(encoding="utf-8") for file in FILES if file.endswith(CODE)]
    text = "\n".join(texts)
    defined = set(re.findall(r"^\s*(?:class|type) (\w+)", text, re.MULTILINE))
    words = defined | {word for word in re.findall(r"\w+", text) if not _CLASS.fullmatch(word)}
    assert len(names) > 10
    assert not sorted(names - words)


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_to_files(page):
    text = _CODE.sub("", (HOME / page).read_text(encoding="utf-8"))
    folder = (HOME / page).parent
    assert not [link for link in _LINK.findall(text) if not (folder / link).exists()]


def test_the_index_lists_each_decision_exactly_once_in_order_with_a_status():
    index = (HOME / DECISIONS / "README.md").read_text(encoding="utf-8")
    rows = _INDEX_ROW.findall(index)
    numbered = sorted(Path(file).name for file in FILES if re.match(r"docs/decisions/\d", file))
    assert [name for _, name, _ in rows] == numbered
    assert index.count("](") == len(rows)
    assert not [status for *_, status in rows if not _STATUS.fullmatch(status)]
