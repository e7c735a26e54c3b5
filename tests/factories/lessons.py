"""A small module as authors write it: one lesson with every type of question, a card, a figure."""

import struct
import tempfile
import uuid
from datetime import UTC, date, datetime
from pathlib import Path

from portal.accounts.models import User
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.faults import Vocabulary
from training.catalog.engine.module_files import sha256, write_lock
from training.catalog.models import (
    Draft,
    Lesson,
    LessonQuestion,
    Module,
    QuestionVersion,
    SourceFile,
)
from training.catalog.services.import_curriculum import import_curriculum
from training.progress.models import Attempt

MODULE = """\
id: first-module
title: Reading alerts
order: 1
minutes: 20
nice: [PD-WRL-001]
attack_version: "19.1"
prerequisites: []
pass_mark: 0.8
review_by: 2027-05-01
licence: CC-BY-4.0
"""
LESSON = """\
---
id: one-stop
title: One stop
minutes: 6
attack: [T0858, T0843]
alert_types: ["Controller Stop"]
review_by: 2027-05-01
---
The phone rings. `0x29` stops ENG-WS-04.[^wireshark]

![A strip of time with one stop.](assets/strip.svg "One stop.")

## What it means

See [the capture](pcap/stop.pcap) and [what it means](#what-it-means).

::: question {#choose type=single technique=T0858}
What do you do first?

- [x] Phone the control room.
  > Right. They see the line.
- [ ] Close it.
  > Too soon.
- [ ] Wait.
  > The line stands.
:::

::: question {#both type=multiple}
Which facts carry the verdict?

- [x] The work order.
  > Yes.
- [x] The engineer.
  > Yes.
- [ ] The severity.
  > Never.
:::

::: question {#port type=numeric}
Which port?

= 102 +- 0
> S7 uses it.

- [ ] 502
  > That is Modbus.
:::

::: question {#name type=short}
Which protocol?

= S7comm | S7
> Right.
:::

::: question {#frame type=packet pcap=pcap/stop.pcap}
Which frame stops?

= frame 2
> The job.

- [ ] frame 3
  > The answer.
:::

::: question {#levels type=match}
Put devices in their levels.

| Device | Level |
|---|---|
| PLC | 1 |
| HMI | 2 |
| Historian | 3 |

> Lower is nearer to the machine.
:::

::: question {#steps type=order}
In which order?

1. Call.
2. Ask.
3. Write.

> Call first.
:::

[^wireshark]: Wireshark 4.4, table of S7 functions.
"""
CARDS = """\
## Which function stops? {#stop technique=T0858}
`0x29` stops.[^wireshark]

[^wireshark]: Wireshark 4.4.
"""
FIGURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" role="img">
<title id="strip-title">A strip</title>
<desc id="strip-desc">One stop.</desc>
<rect width="10" height="10" fill="var(--surface, #FFFFFF)"/>
</svg>
"""


PATH = """\
id: first-week
title: First week
summary: Two days for whoever is new.
nice: [PD-WRL-001]
days:
  - title: Stops
    lessons: [first-module/one-stop]
  - title: Starts
    lessons:
      - second-module/one-start
"""


LAB = """\
alert:
  type: Controller Stop
  severity: Low
  raised: Sunday, 02:13
  sentence: ENG-WS-04 told PLC-2 to stop.
  traffic: Siemens S7, TCP 102, once
source: {name: ENG-WS-04, role: Engineering workstation, address: 10.1.2.4, level: Level 3}
destination: {name: PLC-2, role: Controller of line B}
known:
  - {text: ENG-WS-04 programs line B., holds: true}
  - {text: Work is planned for line B., holds: false}
verdicts:
  routine: A stop is never daily bread.
  maintenance: Somebody mended something.
  suspicious: The station and the person belong here.
reasons:
  - {id: repair, text: Repair after a fault, feedback: The work order came later.}
  - {id: vendor, text: Vendor session, feedback: No vendor was logged in.}
  - {id: test-rig, text: Test rig, feedback: Line B fills bottles.}
  - {id: misuse, text: Station misused, feedback: The engineer was there.}
next_steps:
  - {id: phone, text: Phone the control room, feedback: They see the line.}
  - {id: close, text: Close it, feedback: Nobody has been asked.}
  - {id: block, text: Block the station, feedback: The repair would stop half way., unsafe: true}
key: {verdict: maintenance, reason: repair, next_step: phone}
ot_says: A valve hung open. I stopped the line, mended it and started it again.
decided: The upload first.
not_decided: The hour.
"""
TRIAGE = """\
::: question {#judge type=triage technique=T0858 lab=sunday-stop}
What do you say of this stop?
:::

[^wireshark]: Wireshark"""


def write_lab(root: Path, text: str = LAB) -> Path:
    """Write the module with an eighth question, which asks to judge an alert; return the lab."""
    lesson = LESSON.replace("[^wireshark]: Wireshark", TRIAGE)
    folder = write_module(root, **{"01-one-stop__md": lesson})
    (folder / "labs").mkdir(exist_ok=True)
    file = folder / "labs" / "sunday-stop.yaml"
    file.write_text(text)
    return file


def write_path(root: Path, text: str = PATH) -> Path:
    """Write a path of two days, and a second module with the lesson of its second day."""
    write_module(
        root,
        "02-second-module",
        module__yaml=MODULE.replace("first-module", "second-module").replace(
            "order: 1", "order: 2"
        ),
    )
    folder = root / "modules" / "02-second-module"
    lesson = folder / "01-one-stop.md"
    lesson.write_text(
        LESSON.replace("id: one-stop\ntitle: One stop", "id: one-start\ntitle: A start")
    )
    (root / "paths").mkdir(exist_ok=True)
    file = root / "paths" / "first-week.yaml"
    file.write_text(text)
    return file


def capture(frames: int = 4) -> bytes:
    """The bytes of a PCAP file with as many frames of one byte."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack("<IIIIB", n, 0, 1, 1, 0) for n in range(frames))


def write_module(root: Path, name: str = "01-first-module", **texts: str) -> Path:
    """Write a module without faults below `root/modules` and return its folder; texts by file
    name, with `__` for the dot, replace or add files.
    """
    folder = root / "modules" / name
    for sub in ("assets", "pcap"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    (folder / "module.yaml").write_text(MODULE)
    (folder / "01-one-stop.md").write_text(LESSON)
    (folder / "cards.md").write_text(CARDS)
    (folder / "assets" / "strip.svg").write_text(FIGURE)
    (folder / "pcap" / "stop.pcap").write_bytes(capture())
    for file, text in texts.items():
        (folder / file.replace("__", ".")).write_text(text)
    (folder / "files.lock").write_text(write_lock(folder))
    return folder


def make_answers(learner: User, module: Module) -> list[Attempt]:
    """A right answer of this person at the first question of each lesson of a module."""
    made = []
    for question in LessonQuestion.objects.filter(lesson__module=module).order_by("lesson__number"):
        version, _ = QuestionVersion.objects.get_or_create(
            question=question,
            is_current=True,
            defaults={"number": 1, "content_hash": "0" * 64, "type": "short", "stored": {}},
        )
        attempt = Attempt.objects.create(
            learner=learner,
            version=version,
            number=1,
            answer={"text": "S7"},
            is_correct=True,
            is_first_right=True,
            answered_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
        )
        made.append(attempt)
    return made


def publish_modules() -> None:
    """Two modules of one lesson each, and a path through them, imported from their files."""
    with tempfile.TemporaryDirectory() as folder:
        write_module(Path(folder))
        write_path(Path(folder))
        vocabulary = Vocabulary(date(2026, 11, 24), frozenset({"Controller Stop"}))
        curriculum = read_curriculum(Path(folder), "content", vocabulary)
        import_curriculum(curriculum=curriculum, by="tests", now=datetime(2026, 11, 24, tzinfo=UTC))


def make_draft(module_slug: str, path: str, by: User, text: str = "Not yet.") -> Draft:
    """A draft of this person of a file that is published or new."""
    published = SourceFile.objects.filter(module__slug=module_slug, path=path).first()
    return Draft.objects.create(
        module_slug=module_slug,
        folder=module_slug,
        path=path,
        data=text.encode(),
        base_sha256=sha256(published.published.data if published else None),
        edited_by=by,
        edited_at=datetime(2026, 11, 24, tzinfo=UTC),
    )


def make_lessons(count: int) -> Module:
    """Rows of a module with so many lessons, each with a question that has no version yet."""
    day = date(2027, 5, 1)
    module = Module.objects.create(
        slug=f"module-{uuid.uuid4()}",
        title="Module",
        order=1,
        minutes=20,
        attack_version="19.1",
        nice=["PD-WRL-001"],
        pass_mark=0.8,
        review_by=day,
        licence="CC-BY-4.0",
    )
    for number in range(1, count + 1):
        lesson = Lesson.objects.create(
            module=module,
            slug=f"lesson-{number}",
            title="Lesson",
            number=number,
            minutes=5,
            review_by=day,
            body=[],
            outline=[],
            sources=[],
        )
        LessonQuestion.objects.create(lesson=lesson, slug="only", position=1)
    return module
