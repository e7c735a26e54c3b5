"""What contributors are told to open is there."""

import re

import pytest

from tests.architecture.tree import HOME, tracked

GUIDES = ("CONTRIBUTING.md", "docs/architecture.md")
FILES = [str(path) for path in tracked()]
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:css|html|js|json|md|po|py|toml|yaml|yml)))`")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def is_there(name: str) -> bool:
    """Whether this is a tracked file or folder, named from the top or from within a room."""
    end = name.rstrip("/")
    return any(f"/{file}".endswith(f"/{end}") or f"/{end}/" in f"/{file}" for file in FILES)


@pytest.mark.parametrize("guide", GUIDES)
def test_files_that_a_guide_names_exist(guide):
    text = (HOME / guide).read_text(encoding="utf-8")
    names = _PATH.findall(text)
    assert len(names) > 10
    assert not [name for name in names if not is_there(name)]
    folder = (HOME / guide).parent
    assert not [link for link in _LINK.findall(text) if not (folder / link).exists()]
