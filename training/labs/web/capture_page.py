"""Everything that the page of one capture shows, worked out from its address."""

from collections import Counter
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from math import ceil
from pathlib import Path

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.ui.moments import reader_clock
from portal.ui.words import number
from training.labs.engine.drawings import MAX_BYTES, DumpLine, TimeStrip, draw_strip, dump_lines
from training.labs.engine.operations import GRAVITY, ConversationRow, OperationRow
from training.labs.queries import CaptureEntry, Reading, read_capture
from training.pcap.capture_file import CaptureFrame
from training.pcap.messages import Dissection, MessageField, OperationKind, ProtocolLayer
from training.pcap.summary import captured_at


@dataclass(frozen=True, slots=True)
class KindWords:
    """How one kind of operation is shown: its word, its icon and its colour."""

    label: str | Promise
    icon: str
    look: str = ""


KIND_WORDS = {
    OperationKind.STOP: KindWords(pgettext_lazy("operation", "Stop"), "octagon-x", "stop"),
    OperationKind.RESTART: KindWords(_("Restart"), "refresh-cw", "stop"),
    OperationKind.PROGRAM: KindWords(pgettext_lazy("operation", "Download"), "download", "load"),
    OperationKind.START: KindWords(pgettext_lazy("operation", "Start"), "play", "start"),
    OperationKind.WRITE: KindWords(pgettext_lazy("operation", "Write"), "pencil", "write"),
    OperationKind.UPLOAD: KindWords(_("Upload"), "arrow-up", "copy"),
    OperationKind.READ: KindWords(pgettext_lazy("operation", "Read"), "eye"),
    OperationKind.DISCOVERY: KindWords(_("Discovery"), "search"),
    OperationKind.REPORT: KindWords(_("Report"), "radio-tower"),
    OperationKind.SESSION: KindWords(_("Session"), "link"),
    OperationKind.OTHER: KindWords(pgettext_lazy("operation", "Other"), "ellipsis"),
}
# What Wireshark calls a layer → what people call it. Names of protocols are the same everywhere.
LAYER_WORDS = {
    "eth": "Ethernet",
    "vlan": "VLAN",
    "arp": "ARP",
    "ip": "IPv4",
    "ipv6": "IPv6",
    "tcp": "TCP",
    "udp": "UDP",
    "mbtcp": "Modbus/TCP",
    "modbus": "Modbus",
    "tpkt": "TPKT",
    "cotp": "COTP",
    "s7comm": "S7comm",
    "dnp3": "DNP3",
    "enip": "EtherNet/IP",
    "cip": "CIP",
    "cipcm": "CIP, connection manager",
    "cipcls": "CIP, service of a class",
    "bvlc": "BACnet, virtual link",
    "bacnet": "BACnet, network",
    "bacapp": "BACnet, application",
    "iec60870_104": "IEC 104",
    "iec60870_asdu": "IEC 104, ASDU",
    "opcua": "OPC UA",
    "pn_rt": "PROFINET",
    "pn_dcp": "PROFINET DCP",
    "goose": "GOOSE",
}


_COVER = "••••"
PAGE_ROWS = 200
MAX_CONVERSATIONS = 100


@dataclass(frozen=True, slots=True)
class OperationView:
    """One row of the list of operations."""

    row: OperationRow
    words: KindWords
    time: str
    value: str
    answer: str
    href: str
    is_selected: bool


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A kind of operation as a box of the filter."""

    value: str
    words: KindWords
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FieldView:
    """One line of the tree."""

    label: str
    text: str
    href: str
    is_picked: bool


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer of the tree; `is_joined`: its bytes came in several frames."""

    name: str
    length: int
    fields: list[FieldView]
    is_joined: bool


@dataclass(frozen=True, slots=True)
class CaptureSource:
    """Where a capture comes from: its name and file, whose clock its page shows, where the file is
    handed out (an address, or nothing) and where it lies, if it does on this machine.
    """

    title: str
    file_name: str
    time_zone: str | tzinfo | None
    download: str
    path: Path | None = None
    entry: CaptureEntry | None = None


class CapturePage:
    """A capture, what of it is chosen, and the frame that is open."""

    def __init__(self, source: CaptureSource, reading: Reading, query: QueryDict) -> None:
        self.source, self.reading, self.query = source, reading, query
        self.kinds = [kind for kind in GRAVITY if kind.value in query.getlist("kind")]
        conversations = {
            str(conversation.number): conversation for conversation in reading.conversations
        }
        self.conversation = conversations.get(query.get("conversation", ""))
        self.shows_values = query.get("values") == "shown"

    @cached_property
    def rows(self) -> list[OperationRow]:
        """The operations that the filter leaves, in the order of the capture."""
        return [
            row
            for row in self.reading.rows
            if (not self.kinds or row.kind in self.kinds)
            and (self.conversation is None or row.conversation is self.conversation)
        ]

    @property
    def conversations(self) -> tuple[ConversationRow, ...]:
        """The conversations of the capture, as many as a page can list."""
        return self.reading.conversations[:MAX_CONVERSATIONS]

    @property
    def conversations_left(self) -> int:
        """How many more there are."""
        return max(len(self.reading.conversations) - MAX_CONVERSATIONS, 0)

    @cached_property
    def page_number(self) -> int:
        """Which page of the list of operations is shown, counted from 1."""
        text = self.query.get("page", "")
        is_number = text.isascii() and text.isdecimal()
        return min(max(int(text[:6]), 1), self.n_pages) if is_number else 1

    @property
    def n_pages(self) -> int:
        """How many pages the list of operations has."""
        return max(ceil(len(self.rows) / PAGE_ROWS), 1)

    @property
    def page_rows(self) -> list[OperationRow]:
        """The operations of the page that is shown."""
        start = (self.page_number - 1) * PAGE_ROWS
        return self.rows[start : start + PAGE_ROWS]

    @cached_property
    def number(self) -> int:
        """The open frame: that of the address, else that of the first operation listed."""
        text = self.query.get("frame", "")
        is_number = text.isascii() and text.isdecimal() and len(text) < 10
        if is_number and 1 <= int(text) <= self.last:
            return int(text)
        return self.page_rows[0].first if self.rows else 1

    @property
    def last(self) -> int:
        """The number of the last frame."""
        return self.reading.n_frames

    @cached_property
    def frame(self) -> CaptureFrame:
        """The frame that is open."""
        return self.reading.frame(self.number)[0]

    @cached_property
    def dissection(self) -> Dissection:
        """The dissection of this frame."""
        return self.reading.frame(self.number)[1]

    @cached_property
    def summary(self) -> str:
        """How large the capture is, in one line."""
        return gettext("%(frames)s frames, %(bytes)s bytes, %(conversations)s conversations") % {
            "frames": number(self.last),
            "bytes": number(self.reading.size),
            "conversations": number(len(self.reading.conversations)),
        }

    @cached_property
    def kind_counts(self) -> Counter[OperationKind]:
        """How many operations there are of each kind."""
        return sum((conversation.kinds for conversation in self.reading.conversations), Counter())

    @cached_property
    def choices(self) -> list[KindChoice]:
        """The kinds that occur, the gravest first."""
        counts = self.kind_counts
        return [
            KindChoice(kind.value, KIND_WORDS[kind], counts[kind], kind in self.kinds)
            for kind in GRAVITY
            if any(row.kind is kind for row in self.reading.rows)
        ]

    @cached_property
    def marks(self) -> list[tuple[KindWords, int]]:
        """How many operations change a controller, by kind."""
        kinds = (
            OperationKind.STOP,
            OperationKind.RESTART,
            OperationKind.START,
            OperationKind.PROGRAM,
            OperationKind.WRITE,
        )
        return [(KIND_WORDS[kind], self.kind_counts[kind]) for kind in kinds]

    @cached_property
    def operations(self) -> list[OperationView]:
        """The rows of the list."""
        return [self._view(row) for row in self.page_rows]

    def _view(self, row: OperationRow) -> OperationView:
        value = ""
        if row.values:
            value = row.values[0][:40] if self.shows_values else _COVER
        answer = "" if row.answer_ns is None else number(row.answer_ns / 1e6, 1)
        return OperationView(
            row,
            KIND_WORDS[row.kind],
            self.clock(row.time_ns),
            value,
            answer,
            self.address(frame=str(row.first), at="") + "#frame",
            row.first == self.number,
        )

    def clock(self, time_ns: int) -> str:
        """Return a time of day with milliseconds on the plant's clock, or the reader's choice."""
        moment = captured_at(time_ns)
        if moment is None:
            return ""
        try:
            local = moment.astimezone(reader_clock().zone(self.source.time_zone))
        except OverflowError:  # the last hours of the year 9999
            return ""
        return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"

    @property
    def frame_time(self) -> str:
        """When the open frame was captured."""
        return self.clock(self.frame.time_ns)

    @cached_property
    def strips(self) -> list[tuple[str, TimeStrip]]:
        """The strip of time for wide and for narrow windows."""
        span = self.reading.span_ns
        return [
            ("wide-only", draw_strip(self.rows, span, width=860, left=150, ticks=9)),
            ("narrow-only", draw_strip(self.rows, span, width=340, left=118, ticks=4)),
        ]

    @cached_property
    def layers(self) -> list[LayerView]:
        """The frame in layers."""
        return [
            self._layer(layer)
            for layer in self.dissection.layers
            if not layer.name.startswith("ber.")
        ]

    def _layer(self, layer: ProtocolLayer) -> LayerView:
        fields = [self._field(field, layer) for field in layer.fields]
        name = LAYER_WORDS.get(layer.name, layer.name)
        return LayerView(name, layer.length, fields, layer.buffer is not None)

    def _field(self, field: MessageField, layer: ProtocolLayer) -> FieldView:
        text = _COVER if field.hidden and not self.shows_values else field.text
        here = f"{field.start}-{field.length}"
        href = ""
        if layer.buffer is None and field.length:
            href = self.address(frame=str(self.number), at=here) + "#frame"
        return FieldView(field.label, text, href, bool(href) and here == self.query.get("at"))

    @cached_property
    def dump(self) -> list[DumpLine]:
        """The bytes of the frame; what is hidden is covered."""
        covered = []
        if not self.shows_values:
            covered = [
                range(field.start, field.start + field.length)
                for layer in self.dissection.layers
                if layer.buffer is None
                for field in layer.fields
                if field.hidden
            ]
            if any(layer.buffer is not None for layer in self.dissection.layers):
                covered.append(self._payload())
        return dump_lines(self.frame.data, covered=covered, highlight=self._highlight())

    def _payload(self) -> range:
        """What a frame carries of a message over several frames is hidden as a whole."""
        ends = [
            layer.start + layer.length
            for layer in self.dissection.layers
            if layer.name in {"tcp", "udp", "ip", "ipv6"} and layer.buffer is None
        ]
        return range(max(ends, default=0), len(self.frame.data))

    def _highlight(self) -> range:
        start, _, length = self.query.get("at", "").partition("-")
        if not (start.isascii() and start.isdecimal() and length.isascii() and length.isdecimal()):
            return range(0)
        begin = int(start[:6])
        return range(begin, begin + int(length[:6]))

    @property
    def is_cut(self) -> bool:
        """Whether the frame has more bytes than the page shows."""
        return len(self.frame.data) > MAX_BYTES

    def address(self, **changes: str) -> str:
        """Return the address of this page with some of its words changed; empty ones go."""
        query = self.query.copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return f"?{query.urlencode()}"

    @property
    def before(self) -> str:
        """The address of the frame before, or nothing."""
        return self.address(frame=str(self.number - 1), at="") + "#frame" if self.number > 1 else ""

    @property
    def after(self) -> str:
        """The address of the next frame, or nothing."""
        if self.number >= self.last:
            return ""
        return self.address(frame=str(self.number + 1), at="") + "#frame"

    @property
    def all_address(self) -> str:
        """The address without a filter."""
        return "?" + ("values=shown" if self.shows_values else "")

    @property
    def page_before(self) -> str:
        """The address of the page of operations before, or nothing."""
        before = self.page_number - 1
        return self.address(page=str(before), frame="", at="") if before else ""

    @property
    def page_after(self) -> str:
        """The address of the next page of operations, or nothing."""
        after = self.page_number + 1
        return self.address(page=str(after), frame="", at="") if after <= self.n_pages else ""

    @property
    def values_address(self) -> str:
        """The address that shows the values, or hides them again."""
        return self.address(values="" if self.shows_values else "shown")


def build_page(entry: CaptureEntry, query: QueryDict) -> CapturePage:
    """Read a capture of the list for its page. Raises CaptureError."""
    source = CaptureSource(
        title=entry.title,
        file_name=entry.path.name,
        time_zone=entry.time_zone,
        download=reverse("labs:capture_file", args=[entry.name]),
        path=entry.path,
        entry=entry,
    )
    return CapturePage(source, read_capture(entry.name), query)
