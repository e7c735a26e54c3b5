"""Reads the Dockerfile and says what in it does not fit the project."""

import json
import re
import shlex
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from tests.architecture.commands import troubles_of_command
from tests.architecture.tree import HOME, tracked

NOT_IN_THE_LAST_STAGE = re.compile(r"\b(apt-get|apt|gcc|make|build-essential|pip install|curl)\b")


@dataclass
class Stage:
    """One FROM and what follows it."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        """The arguments of every instruction of this kind."""
        return [arguments for step, arguments in self.steps if step == word]


def stages_of(text: str) -> list[Stage]:
    """The stages of a Dockerfile, ARG in base names filled in."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for line in re.sub(r"\\\n", " ", lines).splitlines():
        if not line.strip():
            continue
        word, arguments_text = line.strip().split(None, 1)
        if word == "ARG" and not stages:
            name, _, value = arguments_text.partition("=")
            arguments[name] = value
        elif word == "FROM":
            filled = re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], arguments_text)
            base, _, name = filled.partition(" AS ")
            stages.append(Stage(base, name))
        else:
            stages[-1].steps.append((word, " ".join(arguments_text.split())))
    return stages


def command_of(text: str) -> list[str]:
    """What the image starts when nothing else is said."""
    return json.loads(stages_of(text)[-1].all("CMD")[-1])


def let_in(ignore: str) -> set[str]:
    """The names at the top that the build may see, for a .dockerignore that begins with `*`."""
    lines = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*", "the list of what goes in begins with nothing"
    return {line[1:] for line in lines if line.startswith("!")}


def files_in_image(ignore: str) -> list[Path]:
    """The tracked files that the build may see."""
    lines = ignore.splitlines()
    left_out = {Path(line) for line in lines if line and line[0] not in "#!*"}
    return [
        path
        for path in tracked()
        if path.parts[0] in let_in(ignore) and left_out.isdisjoint(path.parents)
    ]


def troubles_of_image(text: str, ignore: str) -> list[str]:
    """Everything that is wrong, one sentence each."""
    stages = stages_of(text)
    last = stages[-1]
    found = [f"{stage.base} is not pinned" for stage in stages if not pinned(stage.base)]
    user = (last.all("USER") or ["root"])[-1]
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user):
        found.append(f"the image runs as {user}")
    found += [
        f"the last stage runs {step}"
        for step in last.all("RUN")
        if NOT_IN_THE_LAST_STAGE.search(step)
    ]
    sources = set()
    names = {stage.name for stage in stages}
    for stage in stages:
        for arguments in stage.all("COPY"):
            *words, _target = arguments.split()
            origin = [word for word in words if word.startswith("--from=")]
            found += [f"there is no stage {word[7:]}" for word in origin if word[7:] not in names]
            sources |= set() if origin else set(words)
    found += [f"{source} does not exist" for source in sources if not (HOME / source).exists()]
    allowed = let_in(ignore)
    found += [f".dockerignore keeps {source} out" for source in sources - allowed]
    found += [f".dockerignore lets {name} in for nothing" for name in allowed - sources]
    found += [f"{top} is code and not in the image" for top in _packages() if top not in sources]
    found += _troubles_of_install(stages)
    found += [trouble for stage in stages for trouble in troubles_of_modes(stage)]
    health = last.all("HEALTHCHECK")
    found += [] if health else ["the image has no HEALTHCHECK"]
    for arguments in [*(line.partition("CMD ")[2] for line in health), *last.all("CMD")]:
        found += troubles_of_command(json.loads(arguments))
    return found


def pinned(image: str) -> bool:
    """A full version in the tag, from the registry that Docker asks by itself."""
    name, _, tag = image.partition(":")
    return "." not in name.split("/")[0] and bool(re.match(r"\d+\.\d+(\.\d+)?(-|$)", tag))


def _packages() -> set[str]:
    return {path.parts[0] for path in tracked() if path.name == "wiring.py"}


def troubles_of_modes(stage: Stage) -> list[str]:
    """Files keep the modes of the clone, which may be closed to the user of the container."""
    steps = stage.steps
    copies = [
        n
        for n, (word, arguments) in enumerate(steps)
        if word == "COPY" and not arguments.startswith(("--from=", "--chmod="))
    ]
    folder = (stage.all("WORKDIR") or ["/"])[-1]
    opening = ("RUN", f"chmod -R u=rwX,go=rX {folder}")
    if copies and opening not in steps[copies[-1] :]:
        return [f"files in {folder} keep the modes of the clone"]
    return []


def _troubles_of_install(stages: list[Stage]) -> list[str]:
    found = []
    runs = [step for stage in stages for step in stage.all("RUN")]
    installs = [step for step in runs if "install" in step.split()]
    if not any("--require-hashes" in step for step in installs):
        found.append("packages are installed without their hashes")
    for step in runs:
        words = shlex.split(step)
        for option, value in pairwise(words):
            if option == "-r" and not (HOME / value).exists():
                found.append(f"{value} does not exist")
            if option == "-m" and words[words.index(option) - 1].endswith("venv/bin/python"):
                found += [] if find_spec(value) else [f"there is no module {value}"]
            if option == "manage.py":
                found += troubles_of_command(["python", "manage.py", value])
    for needed in ("portal.compile_messages", "manage.py collectstatic"):
        if not any(needed in step for step in runs):
            found.append(f"the image is built without {needed}")
    return found
