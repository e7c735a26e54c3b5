"""Where the running demo keeps its data: for `simulator advance` to find."""

import os
from contextlib import suppress
from pathlib import Path

import embedded
from portal.errors import Misconfigured

NOTE = "demo-elsewhere"  # in the usual folder: where the demo that was started last has its data


def note_demo(data: Path, *, home: Path) -> None:
    """Leave a note in the usual folder of where a demo runs."""
    with suppress(OSError):  # without it, `advance` needs DEMO_DATA
        home.mkdir(parents=True, exist_ok=True)
        (home / NOTE).write_text(str(data))


def running_demo(home: Path) -> Path:
    """Return the data folder of the demo that runs: the one that DEMO_DATA or DATA_DIR names, else
    the one that was started last. Raises Misconfigured where none runs there.
    """
    named = os.environ.get("DEMO_DATA") or os.environ.get("DATA_DIR")
    if named:
        folders = [Path(named).resolve()]
    else:
        folders = [home]
        with suppress(OSError):
            folders.insert(0, Path((home / NOTE).read_text()))
    for folder in folders:
        if (folder / "cluster-id").exists() and embedded.database_answers(folder):
            return folder
    where = f"with its data in {folders[-1]}" if named else "of this source tree"
    raise Misconfigured(
        f"No demo {where} is running: start it with `make demo`, or set DEMO_DATA to the data"
        " folder of the one that runs."
    )
