"""Every fault an author can make is named with its file, its line and its column."""

from datetime import date

import pytest

from tests.factories import lessons
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.faults import Vocabulary
from training.catalog.engine.module_files import write_lock
from training.progress.web import urls

KNOWN = Vocabulary(
    today=date(2026, 11, 24),
    alert_titles=frozenset({"Controller Stop", "Controller Reset"}),
    colours=frozenset({"--surface", "--text"}),
)
# What stands where the id of a module would, in the addresses of training.
ROUTES = [str(route.pattern).partition("/")[0] for route in urls.training]
OTHER_PAGES = ["captures", *sorted({route for route in ROUTES if route.isalpha()})]
YAML, LESSON, CARDS, SVG, LOCK = (
    "module.yaml",
    "01-one-stop.md",
    "cards.md",
    "assets/strip.svg",
    "files.lock",
)

# Code, file, then what stands there and what an author makes of it, in pairs. § is the place.
SEEDED = [
    ("YAML-SYNTAX", YAML, "title: Reading alerts", "title: [Reading alerts\norder§: 1"),
    ("YAML-SYNTAX", YAML, "nice: [PD-WRL-001]", "nice: &all [PD-WRL-001]\nsummary: §*all"),
    ("YAML-SYNTAX", YAML, "id: first-module", "id: " + "[" * 999 + "§" + "[" * 2001),
    ("WRONG-VALUE", YAML, "title: Reading alerts", f"title: §{'Long ' * 41}"),
    ("WRONG-VALUE", YAML, "id: first-module", f"id: §{'a' * 51}"),
    *[("WRONG-VALUE", YAML, "id: first-module", f"id: §{page_path}") for page_path in OTHER_PAGES],
    ("YAML-DUPLICATE", YAML, "order: 1", "order: 1\n§order: 2"),
    ("UNKNOWN-KEY", YAML, "licence:", "§license: MIT\nlicence:"),
    ("MISSING-KEY", YAML, "id: first-module\ntitle: Reading alerts", "§id: first-module"),
    ("WRONG-VALUE", YAML, "minutes: 20", "minutes: §many"),
    ("WRONG-VALUE", YAML, '"19.1"', "§19.1"),
    ("WRONG-VALUE", YAML, "pass_mark: 0.8", "pass_mark: §80"),
    ("WRONG-VALUE", YAML, "id: first-module", "id: §First Module"),
    ("ATTACK-VERSION", YAML, '"19.1"', '§"18.1"'),
    ("FOLDER-NAME", YAML, "order: 1", "order: §2"),
    ("UNKNOWN-MODULE", YAML, "prerequisites: []", "prerequisites: [§later]"),
    ("REVIEW-DUE", YAML, "2027-05-01", "§2026-11-01"),
    ("NO-FRONT-MATTER", LESSON, "---\nid: one-stop", "§id: one-stop"),
    ("UNKNOWN-TECHNIQUE", LESSON, "[T0858, T0843]", "[T0858, §T0999]"),
    ("REVOKED-TECHNIQUE", LESSON, "[T0858, T0843]", "[T0858, §T0855]"),
    ("DEPRECATED-TECHNIQUE", LESSON, "technique=T0858", "technique=§T0818"),
    ("UNKNOWN-ALERT-TYPE", LESSON, '["Controller Stop"]', '[§"Controller Stopped"]'),
    ("REVIEW-DUE", LESSON, "2027-05-01", "§2026-11-23"),
    ("HTML", LESSON, "The phone rings.", "The §<b>phone</b> rings."),
    ("DEAD-LINK", LESSON, "(pcap/stop.pcap)", "(§pcap/gone.pcap)"),
    ("DEAD-LINK", LESSON, "(#what-it-means)", "(§#elsewhere)"),
    ("BAD-LINK", LESSON, "(pcap/stop.pcap)", "(§../../../secret.pcap)"),
    ("BAD-LINK", LESSON, "(pcap/stop.pcap)", "(§ftp://example.com/a)"),
    ("BAD-LINK", LESSON, "(pcap/stop.pcap)", "(§assets/strip.svg)"),
    ("HTML", LESSON, "The phone rings.", "The §<script>alert(1)</script> phone rings."),
    ("BAD-LINK", LESSON, "(pcap/stop.pcap)", "(§data:text/html,x)"),
    ("NO-ALT", LESSON, "![A strip of time with one stop.]", "§![]"),
    ("FIGURE-FILE", LESSON, "(assets/strip.svg", "(§assets/strip.png"),
    ("FIGURE-IN-TEXT", LESSON, "![A strip", "Look: §![A strip"),
    ("DEAD-LINK", LESSON, "(assets/strip.svg", "(§assets/gone.svg"),
    ("FOOTNOTE-MISSING", LESSON, "rings.", "rings.§[^nowhere]"),
    ("FOOTNOTE-UNUSED", LESSON, "[^wireshark]:", "§[^more]: A book.\n[^wireshark]:"),
    ("FOOTNOTE-TWICE", LESSON, "functions.\n", "functions.\n§[^wireshark]: Again.\n"),
    ("YAML-SYNTAX", LESSON, "title: One stop", r'title: §"One\0"'),
    ("YAML-SYNTAX", LESSON, "title: One stop", r'title: "One\u§d800"'),
    ("HEADING-LEVEL", LESSON, "## What", "§# What"),
    ("HEADING-LEVEL", LESSON, "## What", "§#### What"),
    ("OPEN-BLOCK", LESSON, "::: question {#steps", "§:::: question {#steps"),
    ("UNKNOWN-BLOCK", LESSON, "## What it", "§::: warning\n:::\n\n## What it"),
    ("QUESTION-HEAD", LESSON, "::: question {#port type=numeric}", "§::: question"),
    ("QUESTION-HEAD", LESSON, "{#choose ", "§{"),
    ("QUESTION-ATTRIBUTE", LESSON, "technique=T0858}", "§level=3}"),
    ("QUESTION-TYPE", LESSON, "type=single", "§type=choice"),
    ("DUPLICATE-ID", LESSON, "{#both", "{§#choose"),
    (
        "NO-PROMPT",
        LESSON,
        "::: question {#choose",
        "§::: question {#choose",
        "What do you do first?",
        "",
    ),
    ("NO-FEEDBACK", LESSON, "- [ ] Close it.\n  > Too soon.", "§- [ ] Close it."),
    ("NO-FEEDBACK", LESSON, "= S7comm | S7\n> Right.", "§= S7comm | S7"),
    ("DUPLICATE-OPTION", LESSON, "- [ ] Wait.", "§- [ ] Close it."),
    ("NO-BOX", LESSON, "- [ ] Wait.", "§- Wait."),
    ("AFTER-ANSWERS", LESSON, "  > The line stands.", "  > The line stands.\n\n§And then?"),
    ("BAD-KEY", LESSON, "= 102 +- 0", "§= one hundred"),
    ("BAD-KEY", LESSON, "= frame 2", "§= 2"),
    ("BAD-KEY", LESSON, "Which port?\n\n= 102", "Which port?\n§= 102"),
    ("NO-KEY-HERE", LESSON, "What do you do first?", "What do you do first?\n\n§= 4"),
    ("NO-OPTIONS-HERE", LESSON, "> Call first.", "> Call first.\n\n§- [ ] Wait.\n  > No."),
    ("BAD-WRONG-ANSWER", LESSON, "- [ ] 502", "§- [ ] 102"),
    ("BAD-WRONG-ANSWER", LESSON, "- [ ] frame 3", "§- [ ] three"),
    (
        "NO-TABLE",
        LESSON,
        "::: question {#levels",
        "§::: question {#levels",
        "| Device | Level |\n|---|---|\n| PLC | 1 |\n| HMI | 2 |\n| Historian | 3 |",
        "",
    ),
    ("BAD-TABLE", LESSON, "| HMI | 2 |", "§| PLC | 2 |"),
    ("NO-LIST", LESSON, "1. Call.\n2. Ask.\n3. Write.", "§1. Call."),
    ("FRAME-RANGE", LESSON, "= frame 2", "= §frame 5"),
    ("FRAME-RANGE", LESSON, "- [ ] frame 3", "- [ ] §frame 9"),
    ("NO-CAPTURE", LESSON, "pcap=pcap/stop.pcap", "pcap=§pcap/gone.pcap"),
    ("NO-CAPTURE", LESSON, "{#frame type=packet pcap=pcap/stop.pcap}", "§{#frame type=packet}"),
    ("NO-LAB", LESSON, "{#name type=short}", "{#name type=short lab=§gone}"),
    ("UNKNOWN-TECHNIQUE", CARDS, "technique=T0858", "technique=§T1"),
    ("SVG-SYNTAX", SVG, "</desc>", "</§title>"),
    ("SVG-ELEMENT", SVG, "<rect", "§<style/><rect"),
    ("SVG-ELEMENT", SVG, "<rect", "§<!--><img src=x>--><rect"),
    ("SVG-ELEMENT", SVG, "One stop.", "<g>§<![CDATA[><img src=x>]]></g>One stop."),
    ("SVG-ATTRIBUTE", SVG, 'fill="', '§style="fill:red" fill="'),
    ("SVG-ATTRIBUTE", SVG, 'fill="', '§onclick="" fill="'),
    ("SVG-COLOUR", SVG, 'fill="var(--surface, #FFFFFF)"', '§fill="#FFFFFF"'),
    ("SVG-TOKEN", SVG, 'fill="var(--surface', '§fill="var(--paper'),
    ("SVG-VIEWBOX", SVG, '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"', "§<svg"),
    ("SVG-DUPLICATE-ID", SVG, 'id="strip-desc"', '§id="strip-title"'),
    (
        "NO-SOURCE",
        LESSON,
        "---\nid",
        "§---\nid",
        "[^wireshark]\n",
        "\n",
        "\n[^wireshark]: Wireshark 4.4, table of S7 functions.",
        "",
    ),
    (
        "CORRECT-COUNT",
        LESSON,
        "::: question {#choose",
        "§::: question {#choose",
        "- [ ] Wait.",
        "- [x] Wait.",
    ),
    (
        "CORRECT-COUNT",
        LESSON,
        "::: question {#both",
        "§::: question {#both",
        "- [x] The work order.",
        "- [ ] The work order.",
        "- [x] The eng",
        "- [ ] The eng",
    ),
    (
        "FEW-OPTIONS",
        LESSON,
        "::: question {#choose",
        "§::: question {#choose",
        "- [ ] Close it.\n  > Too soon.\n- [ ] Wait.\n  > The line stands.\n",
        "",
    ),
    ("NO-FEEDBACK", LESSON, "| Device", "§| Device", "\n> Lower is nearer to the machine.\n", ""),
    ("NO-KEY", LESSON, "::: question {#name", "§::: question {#name", "= S7comm | S7\n", ""),
    ("CARD-HEAD", CARDS, "## Which", "§## Which", " {#stop technique=T0858}", ""),
    ("CARD-BACK", CARDS, "## Which", "§## Which", "`0x29` stops.[^wireshark]", ""),
    ("CARD-FRONT", CARDS, "## Which function stops?", "§##"),
    ("DUPLICATE-ID", CARDS, "stops.[^wireshark]", "stops.[^wireshark]\n\n## Again {§#stop}\nYes."),
    ("SVG-LABEL", SVG, "<svg", "§<svg", "One stop.", ""),
    ("LOCK-SYNTAX", LOCK, "", "§no sum\n"),
    ("LOCK-CHANGED", LOCK, "", "§" + "0" * 64 + "  assets/strip.svg\n"),
    ("LOCK-UNKNOWN", LOCK, "pcap/stop.pcap", "§pcap/gone.pcap"),
]


def _find(folder, file, *edits):
    """Make the edits, and return the faults beside the place that § marks."""
    path = folder / file
    text = path.read_text()
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new, 1)
    before, _, after = text.partition("§")
    path.write_text(before + after)
    if file == SVG:
        (folder / LOCK).write_text(write_lock(folder))
    faults = read_curriculum(folder.parent.parent, "content", KNOWN).faults
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    return faults, place


@pytest.mark.parametrize(("code", "file", "edits"), [(c, f, e) for c, f, *e in SEEDED])
def test_a_seeded_fault_is_named_with_file_line_and_column(code, file, edits, tmp_path):
    faults, place = _find(lessons.write_module(tmp_path), file, *edits)
    shown = f"content/modules/01-first-module/{file}"
    found = [(fault.code, fault.path, (fault.line, fault.column)) for fault in faults]
    assert (code, shown, place) in found, "\n".join(map(str, faults))
    assert len(found) <= 4


def test_a_module_as_the_format_wants_it_has_no_fault(tmp_path):
    lessons.write_module(tmp_path)
    curriculum = read_curriculum(tmp_path, "content", KNOWN)
    assert [str(fault) for fault in curriculum.faults] == []
    assert curriculum.figures == {
        "modules": 1,
        "lessons": 1,
        "questions": 7,
        "cards": 1,
        "captures": 1,
        "footnoted": 1,
    }
    assert len({code for code, *_ in SEEDED}) >= 50


def test_a_file_that_is_too_large_a_link_or_of_another_kind_is_named_and_not_read(tmp_path):
    folder = lessons.write_module(tmp_path)
    with (folder / "assets" / "photo.png").open("wb") as photo:
        photo.truncate(50_000_000)
    for name in ("assets/strip.svg", "02-long.md"):
        with (folder / name).open("wb") as file:
            file.truncate(50_000_000)
    (folder / "03-link.md").symlink_to("/etc/hostname")
    shown = "c/modules/01-first-module"
    found = [str(fault) for fault in read_curriculum(tmp_path, "c", KNOWN).faults]
    assert found == [
        f"{shown}/02-long.md:1:1: TOO-LARGE The text is larger than 500 KB.",
        f"{shown}/03-link.md:1:1: STRAY-FILE This is a link: put the file itself here.",
        f"{shown}/assets/photo.png:1:1: STRAY-FILE This does not belong in a module.",
        f"{shown}/assets/strip.svg:1:1: TOO-LARGE The figure is larger than 100 KB.",
        f"{shown}/files.lock:1:1: LOCK-CHANGED assets/strip.svg has changed. If that was meant, "
        "run `training lock`.",
    ]


def test_a_translation_has_the_ids_of_its_lesson(tmp_path):
    folder = lessons.write_module(tmp_path)
    german = folder / "i18n" / "de"
    german.mkdir(parents=True)
    (german / "01-one-stop.md").write_text(lessons.LESSON)
    assert not read_curriculum(tmp_path, "c", KNOWN).faults
    (german / "01-one-stop.md").write_text(lessons.LESSON.replace("#port", "#tor"))
    (german / "02-more.md").write_text(lessons.LESSON)
    shown = "c/modules/01-first-module/i18n/de"
    assert [str(fault) for fault in read_curriculum(tmp_path, "c", KNOWN).faults] == [
        f"{shown}/01-one-stop.md:1:1: TRANSLATION The question `port` is missing.",
        f"{shown}/01-one-stop.md:39:15: TRANSLATION The lesson has no question `tor`.",
        f"{shown}/02-more.md:1:1: TRANSLATION There is no lesson of this number to translate.",
    ]


def test_faults_of_files_and_of_modules_among_each_other_are_named(tmp_path):
    folder = lessons.write_module(tmp_path, **{"notes__txt": "", "draft__md": ""})
    (folder / "02-again.md").write_text(lessons.LESSON)
    (folder / "03-bytes.md").write_bytes(b"---\nid: \xff")
    (folder / "pcap" / "stop.pcap").write_bytes(lessons.capture()[:-1])
    (folder / "pcap" / "new.pcap").write_bytes(lessons.capture())
    other = lessons.MODULE.replace("[]", "[first-module]")
    lessons.write_module(tmp_path, "01-second-module", module__yaml=other)
    empty = tmp_path / "modules" / "03-empty"
    empty.mkdir()
    (empty / "module.yaml").write_text(
        lessons.MODULE.replace("first-module", "empty").replace("order: 1", "order: 3")
    )
    found = {
        str(fault).partition(" ")[0] + " " + fault.code
        for fault in read_curriculum(tmp_path, "c", KNOWN).faults
    }
    first, second = "c/modules/01-first-module", "c/modules/01-second-module"
    assert {
        f"{first}/notes.txt:1:1: STRAY-FILE",
        f"{first}/draft.md:1:1: LESSON-NAME",
        f"{first}/02-again.md:2:5: DUPLICATE-ID",
        f"{first}/03-bytes.md:2:5: ENCODING",
        f"{first}/01-one-stop.md:56:39: BAD-CAPTURE",
        f"{first}/files.lock:1:1: LOCK-MISSING",
        f"{second}/module.yaml:1:5: DUPLICATE-ID",
        f"{second}/module.yaml:3:8: DUPLICATE-ID",
        f"{second}/module.yaml:7:17: LATER-MODULE",
        "c/modules/03-empty/module.yaml:1:1: NO-LESSONS",
    } <= found
