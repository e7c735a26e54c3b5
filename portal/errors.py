"""Exceptions for a command that was refused, and for a setting that is wrong."""


class Refused(Exception):
    """A command was not carried out. `reasons` are sentences a person can read and act on."""

    def __init__(self, *reasons: str) -> None:
        self.reasons: tuple[str, ...] = reasons
        super().__init__(" ".join(reasons))


class Misconfigured(Exception):
    """A setting is missing or malformed; the text names the setting and what to do."""
