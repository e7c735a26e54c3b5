"""Paths of somebody's machine, registry hosts, unfinished marks, inline code in templates."""

import re

from tests.architecture.tree import HOME, sources, tracked

TEXT = {
    ".py",
    ".html",
    ".css",
    ".js",
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".json",
    ".lock",
    ".txt",
    "",
}
# Written apart, so that this file does not contain what it looks for.
MACHINE = re.compile("|".join(["/wor" + "k/", "/roo" + "t/", "/hom" + "e/[a-z]"]))
HOSTS = re.compile("|".join(["py" + r"pi\.org", "python" + "hosted", "np" + r"mjs\.org"]))
MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")


def _lines(paths, pattern):
    found = []
    for path in paths:
        for number, line in enumerate((HOME / path).read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path}:{number} {line.strip()[:100]}")
    return found


def test_no_path_of_a_machine_stands_in_the_project():
    assert not _lines([path for path in tracked() if path.suffix in TEXT], MACHINE)


def test_no_registry_host_stands_in_the_project():
    assert not _lines([path for path in tracked() if path.suffix in TEXT], HOSTS)


def test_nothing_is_marked_as_unfinished():
    assert not _lines(sources(".py", ".html", ".css", ".js", ".md"), MARKS)


def test_silenced_checks_say_why():
    bare = re.compile(
        r"#\s*(noqa(:\s*[A-Z0-9, ]+)?|type: ignore(\[[\w, -]+\])?|pragma: no cover)\s*$"
    )
    assert not _lines(sources(".py"), bare)


def test_templates_have_no_inline_code():
    inline = re.compile(r"<style|\sstyle=|\son\w+=|hx-on|<script(?![^>]*\ssrc=)(?![^>]*json)", re.I)
    assert not _lines(list(sources(".html")), inline)
