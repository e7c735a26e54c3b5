"""Operations as a person reads them: the answer beside its request, a download as one row."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from training.pcap.messages import Dissection, ExchangeSide, Message, OperationKind

# Of these a run of equal ones is one row: a poll every second says nothing new.
_FOLDED = {OperationKind.READ, OperationKind.REPORT, OperationKind.SESSION, OperationKind.DISCOVERY}
# In DNP3 every answer has one code, whatever was asked.
_ANSWERS_IN_ORDER = {"dnp3"}
# What a reader looks for first, in this order.
GRAVITY = (
    OperationKind.STOP,
    OperationKind.RESTART,
    OperationKind.PROGRAM,
    OperationKind.WRITE,
    OperationKind.START,
    OperationKind.UPLOAD,
    OperationKind.READ,
    OperationKind.DISCOVERY,
    OperationKind.REPORT,
    OperationKind.SESSION,
    OperationKind.OTHER,
)


@dataclass(slots=True)
class ConversationRow:
    """One conversation: its two ends by name, and what was done in it."""

    number: int
    client: str
    server: str
    client_address: str
    server_address: str
    frames: int = 0
    protocols: set[str] = field(default_factory=set)
    kinds: Counter[OperationKind] = field(default_factory=Counter)


@dataclass(slots=True)
class OperationRow:
    """One operation, or a run of equal ones.

    `count` is how many were asked; `parts` how many messages a transfer took. `answer_ns` is the
    time until the first answer. `values` are hidden from the page unless it is asked for them.
    """

    conversation: ConversationRow
    kind: OperationKind
    name: str
    detail: str
    source: str
    target: str
    first: int
    last: int
    time_ns: int
    request_ns: int
    protocol: str
    count: int = 1
    parts: int = 0
    answer_ns: int | None = None
    error: str = ""
    values: list[str] = field(default_factory=list)
    times_ns: list[int] = field(default_factory=list)


class OperationReader:
    """Reads dissections into conversations and rows. `names` maps addresses to devices."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._conversations: dict[object, ConversationRow] = {}
        self._last: dict[int, OperationRow] = {}
        self._requests: dict[object, deque[OperationRow]] = defaultdict(deque)
        self.rows: list[OperationRow] = []

    @property
    def conversations(self) -> list[ConversationRow]:
        """The conversations, in the order in which they began."""
        return list(self._conversations.values())

    def read(self, results: Iterable[Dissection]) -> None:
        """Take all frames in."""
        for result in results:
            if result.source and result.destination:
                conversation = self._conversation_of(result)
                conversation.frames += not result.is_late
                for message in result.messages:
                    conversation.protocols.add(message.protocol)
                    self._take(conversation, message, result)

    def name_of(self, address: str) -> str:
        """The device at an address, or the address."""
        return self._names.get(address, address)

    def _conversation_of(self, result: Dissection) -> ConversationRow:
        assert result.source and result.destination
        key = (result.transport, frozenset((result.source, result.destination)))
        if key not in self._conversations:
            ends = (result.source, result.destination)
            client, server = ends if result.from_client else ends[::-1]
            self._conversations[key] = ConversationRow(
                len(self._conversations) + 1,
                self.name_of(client.address),
                self.name_of(server.address),
                _address(client.address, client.port),
                _address(server.address, server.port),
            )
        return self._conversations[key]

    def _take(self, conversation: ConversationRow, message: Message, result: Dissection) -> None:
        code = "" if message.protocol in _ANSWERS_IN_ORDER else message.code
        key = (conversation.number, message.protocol, code)
        if message.role is ExchangeSide.RESPONSE:
            if self._requests[key]:
                _answer(self._requests[key].popleft(), message, result)
            return
        row = self._continued(conversation, message, result) or self._new(
            conversation, message, result
        )
        row.request_ns = result.time_ns
        row.times_ns.append(result.time_ns)
        row.values += _hidden(result)
        row.error = row.error or message.error
        if message.role is ExchangeSide.REQUEST:
            self._requests[key].append(row)

    def _continued(
        self, conversation: ConversationRow, message: Message, result: Dissection
    ) -> OperationRow | None:
        """Return the row that this message only goes on with."""
        row = self._last.get(conversation.number)
        if row is None or row.kind is not message.kind:
            return None
        if not message.is_first and message.kind in {OperationKind.PROGRAM, OperationKind.UPLOAD}:
            row.parts += 1
        elif message.kind in _FOLDED and (row.name, row.detail) == (message.name, message.detail):
            row.count += 1
            conversation.kinds[message.kind] += message.is_first
        else:
            return None
        row.last = result.number
        return row

    def _new(
        self, conversation: ConversationRow, message: Message, result: Dissection
    ) -> OperationRow:
        assert result.source and result.destination
        row = OperationRow(
            conversation=conversation,
            kind=message.kind,
            name=message.name,
            detail=message.detail,
            source=self.name_of(result.source.address),
            target=self.name_of(result.destination.address),
            first=result.number,
            last=result.number,
            time_ns=result.time_ns,
            request_ns=result.time_ns,
            protocol=message.protocol,
        )
        conversation.kinds[message.kind] += message.is_first
        self._last[conversation.number] = row
        self.rows.append(row)
        return row


def _answer(row: OperationRow, message: Message, result: Dissection) -> None:
    if row.answer_ns is None:
        row.answer_ns = result.time_ns - row.request_ns
    row.error = row.error or message.error
    row.values += _hidden(result)
    if row.parts:
        row.last = max(row.last, result.number)


def _hidden(result: Dissection) -> list[str]:
    return [field.text for layer in result.layers for field in layer.fields if field.hidden]


def _address(address: str, port: int | None) -> str:
    return address if port is None else f"{address}:{port}"
