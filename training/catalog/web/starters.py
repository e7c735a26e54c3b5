"""What a new file begins with."""

from datetime import date

_LESSON = """\
---
id: {slug}
title: {title}
minutes: 6
attack: []
alert_types: []
review_by: {review_by}
---
Begin with what the reader sees. Each fact has its source.[^source]

## A first heading

::: question {{#first-question type=single}}
What do you ask?

- [x] The right answer.
  > Why it is right.
- [ ] A wrong answer.
  > Why it is wrong.
:::

[^source]: Author, title, year.
"""
_FIGURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 80" role="img">
  <title>What the figure is</title>
  <desc>What it shows, for those who cannot see it.</desc>
  <rect x="1" y="1" width="318" height="78" fill="var(--surface, #FFFFFF)"/>
</svg>
"""
_LAB = """\
alert:
  type: Controller Stop
  severity: High
  raised: Tuesday, 06:58
  sentence: What the alert says.
  traffic: S7comm, TCP 102
source: {name: ENG-WS-01, role: engineering workstation}
destination: {name: PLC-01, role: controller}
known:
  - {text: A work order names this device., holds: true}
verdicts:
  routine: What is said to this verdict.
  maintenance: What is said to this verdict.
  suspicious: What is said to this verdict.
reasons:
  - {id: first, text: A reason., feedback: What is said to it.}
  - {id: second, text: Another reason., feedback: What is said to it.}
  - {id: third, text: Another one., feedback: What is said to it.}
  - {id: fourth, text: A last one., feedback: What is said to it.}
next_steps:
  - {id: call, text: Call the control room., feedback: What is said to it.}
  - {id: stop, text: Stop the machine., feedback: What is said to it., unsafe: true}
key: {verdict: maintenance, reason: first, next_step: call}
ot_says: What OT said.
decided: What decided it.
not_decided: What did not.
"""
_PATH = """\
id: {slug}
title: {title}
summary: Whom it is for, in a sentence.
nice: []
days:
  - title: What the first day is about
    lessons:
      - module/lesson
"""
_CARDS = "## A question {#first-card}\n\nIts answer.\n"


def path_starter(name: str) -> bytes:
    """Return the first text of a learning path."""
    slug = name.removesuffix(".yaml")
    return _PATH.format(slug=slug, title=slug.replace("-", " ").capitalize()).encode()


def starter(path: str, *, today: date, original: bytes | None = None) -> bytes:
    """Return the first text of a file; a translation begins with the text of its lesson."""
    name = path.rpartition("/")[2].partition(".")[0]
    if path.startswith("i18n/"):
        return original or b""
    if path.startswith("assets/"):
        return _FIGURE.encode()
    if path.startswith("labs/"):
        return _LAB.encode()
    if path == "cards.md":
        return _CARDS.encode()
    slug = name.partition("-")[2] or name
    review_by = today.replace(year=today.year + 1, day=min(today.day, 28))
    title = slug.replace("-", " ").capitalize()
    return _LESSON.format(slug=slug, title=title, review_by=review_by).encode()
