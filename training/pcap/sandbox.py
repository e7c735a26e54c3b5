"""The walls in which every program stands that reads a capture from elsewhere."""

from collections.abc import Iterable


def bubblewrap(folders: Iterable[str], *options: str) -> list[str]:
    """Return how the command line of such a program begins: without network, rights, environment
    and files but these folders, which it may read where they exist. `options` are bubblewrap's own.
    """
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--clearenv", "--setenv", "LC_ALL", "C.UTF-8", "--proc", "/proc", "--dev", "/dev"]
    for folder in folders:
        command += ["--ro-bind-try", folder, folder]
    return [*command, *options, "--"]
