"""Whether what a device asked of another reads or changes something, by the function's own name."""

import re
from collections.abc import Iterable
from typing import Final

READING: Final = frozenset({"read", "get", "poll", "browse", "report"})
WRITING: Final = frozenset({"write", "set", "operate", "select", "mask", "force", "preset"})
# What only a write or a command does: Brute Force I/O, Modify Controller Tasking, Modify Parameter,
# Unauthorized Command Message (also in the ids of ATT&CK 19), Manipulation of Control.
CHANGING_TECHNIQUES: Final = frozenset(
    {"T0806", "T0821", "T0831", "T0836", "T0855", "T1692", "T1692.001"}
)
CHANGING_TACTIC: Final = "ImpairProcessControl"


def verbs_of(functions: Iterable[str]) -> frozenset[str]:
    """Return the first word of each function as sensors name it: "3 (Read Holding Registers)"."""
    found = (re.search(r"[a-z]+", function.lower()) for function in functions)
    return frozenset(word[0] for word in found if word)


def are_reads(functions: Iterable[str]) -> bool:
    """Whether all of them read. Where one is unknown, nothing is read for certain."""
    names = list(functions)
    return bool(names) and all(verbs_of([name]) and verbs_of([name]) <= READING for name in names)
