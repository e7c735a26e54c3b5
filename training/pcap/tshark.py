"""tshark as a second dissector, where it is installed: always in a sandbox, never without one.

bubblewrap gives it no network, no files but its own program and one capture, and no rights; prlimit
bounds its memory, its processor time and what it may write (nothing). It answers with the same
layers and fields as our own dissector, so that a page can show either.
"""

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Timer
from xml.etree import ElementTree as XML

from training.pcap.messages import CaptureError, Dissection, MessageField, ProtocolLayer


def bubblewrap(folders: Iterable[str], *options: str) -> list[str]:
    """Return how the command line of such a program begins: without network, rights, environment
    and files but these folders, which it may read where they exist. `options` are bubblewrap's own.
    """
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--clearenv", "--setenv", "LC_ALL", "C.UTF-8", "--proc", "/proc", "--dev", "/dev"]
    for folder in folders:
        command += ["--ro-bind-try", folder, folder]
    return [*command, *options, "--"]


_SECONDS = 20
_MEMORY = 1024 * 1024 * 1024
_MAX_ANSWER = 4 * 1024 * 1024
_MAX_FIELDS = 400
_PROGRAMS = ("tshark", "bwrap", "prlimit")
_READ_ONLY = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")
_INSIDE = "/capture"
_SKIPPED = {"geninfo", "frame", "fake-field-wrapper"}


@cache
def is_available() -> bool:
    """Whether tshark can be run in its sandbox here; the answer is kept."""
    if not all(shutil.which(program) for program in _PROGRAMS):
        return False
    try:
        return _run(Path("/dev/null"), "tshark", "--version").startswith(b"TShark")
    except CaptureError:
        return False


def layers_of_frame(path: Path, own: Dissection) -> list[ProtocolLayer]:
    """Return the layers of one frame as tshark reads them. Raises CaptureError.

    tshark does not know what a plant keeps to itself: what our dissection of the same frame hides
    is hidden here as well, byte by byte.
    """
    options = ("-Y", f"frame.number == {own.number}", "-T", "pdml")
    layers = list(_layers(_run(path, "tshark", "-n", "-r", _INSIDE, *options)))
    spans = [
        range(field.start, field.start + field.length)
        for layer in own.layers
        if layer.buffer is None
        for field in layer.fields
        if field.hidden
    ]
    for layer in layers:
        layer.fields = [
            replace(field, hidden=any(_overlap(field, span) for span in spans))
            for field in layer.fields
        ]
    return layers


def _overlap(field: MessageField, span: range) -> bool:
    return field.start < span.stop and span.start < field.start + max(field.length, 1)


def sandboxed(path: Path, *command: str) -> list[str]:
    """Return the command line that runs `command` beside nothing but the capture."""
    limits = ["prlimit", f"--as={_MEMORY}", f"--cpu={_SECONDS}", "--fsize=0", "--core=0", "--"]
    options = ["--setenv", "PATH", "/usr/bin:/bin", "--tmpfs", "/tmp", "--setenv", "HOME", "/tmp"]
    options += ["--ro-bind", str(path.absolute()), _INSIDE, "--chdir", "/tmp"]
    return [*limits, *bubblewrap(_READ_ONLY, *options), *command]


def _run(path: Path, *command: str) -> bytes:
    """Run a program in the sandbox; return what it wrote, as long as that is not too much."""
    arguments = sandboxed(path, *command)
    try:
        with subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout
            watch = Timer(_SECONDS, process.kill)
            watch.start()
            answer = process.stdout.read(_MAX_ANSWER + 1)
            if len(answer) > _MAX_ANSWER:
                process.kill()
            process.wait()
            watch.cancel()
    except OSError as error:
        raise CaptureError(f"tshark cannot be started: {error.strerror}.") from error
    if len(answer) > _MAX_ANSWER:
        raise CaptureError("tshark says more about this frame than a page can show.")
    if process.returncode not in {0, 2}:  # 2: it read what it could of a broken capture
        raise CaptureError(f"tshark did not finish (code {process.returncode}).")
    return answer


def _layers(answer: bytes) -> Iterator[ProtocolLayer]:
    """Read PDML: one element a protocol, nested fields with the bytes that they stand on."""
    try:
        packet = XML.fromstring(answer).find("packet")
    except XML.ParseError as error:
        raise CaptureError("tshark's answer cannot be read.") from error
    if packet is None:
        return
    for proto in packet.iter("proto"):
        name = proto.get("name", "")
        if name in _SKIPPED:
            continue
        start, size = _number(proto, "pos"), _number(proto, "size")
        yield ProtocolLayer(name, start, size, list(_fields(proto)))


def _fields(proto: XML.Element) -> Iterator[MessageField]:
    for place, element in enumerate(proto.iter("field")):
        if place >= _MAX_FIELDS:
            return
        label, _, text = element.get("showname", element.get("show", "")).partition(": ")
        if label and element.get("hide") != "yes":
            yield MessageField(label, text, _number(element, "pos"), _number(element, "size"))


def _number(element: XML.Element, name: str) -> int:
    text = element.get(name, "0")
    return int(text) if text.isdecimal() else 0
