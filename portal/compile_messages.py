"""Compile the catalogues of words: `python -m portal.compile_messages`. No gettext needed.

The compiled files are not kept in git; `make` compiles them after it has installed packages and
whenever a catalogue is newer.
"""

import os
from pathlib import Path

import polib

LOCALES = Path(__file__).resolve().parent.parent / "locale"


def compile_messages() -> list[Path]:
    """Compile what is out of date and return the files that were written."""
    written = []
    for source in sorted(LOCALES.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            half = target.with_suffix(f".{os.getpid()}.half")  # others may compile, too
            polib.pofile(str(source)).save_as_mofile(str(half))
            half.rename(target)
            written.append(target)
    return written


if __name__ == "__main__":
    compile_messages()
