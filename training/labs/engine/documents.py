"""What was read of a capture as JSON and back, so that it is read once and shown many times."""

import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from typing import Any

from training.labs.engine.operations import ConversationRow, OperationRow
from training.pcap.capture_file import CaptureFrame
from training.pcap.messages import Dissection, MessageField, OperationKind, ProtocolLayer

BLOCK = 50  # frames in one document


def frames_as_json(frames: Iterable[tuple[CaptureFrame, Dissection]]) -> list[Any]:
    """Return frames with their layers. Repeated names are short: this is most of what is kept."""
    return [
        {
            "t": frame.time_ns,
            "l": frame.link_type,
            "w": frame.wire_length,
            "o": frame.offset,
            "d": b64encode(frame.data).decode(),
            "p": result.problem,
            "layers": [_layer(layer) for layer in result.layers],
        }
        for frame, result in frames
    ]


def _layer(layer: ProtocolLayer) -> list[Any]:
    rows = [
        [field.label, field.text, field.start, field.length, int(field.hidden)]
        for field in layer.fields
    ]
    return [layer.name, layer.start, layer.length, int(layer.buffer is not None), rows]


def frame_from_json(number: int, row: dict[str, Any]) -> tuple[CaptureFrame, Dissection]:
    """Return one frame. Of a layer's joined buffer only remains that there was one."""
    data = b64decode(row["d"])
    frame = CaptureFrame(number, row["t"], row["l"], row["w"], data, row["o"])
    layers = [
        ProtocolLayer(
            name,
            start,
            length,
            [MessageField(label, text, at, n, bool(hidden)) for label, text, at, n, hidden in rows],
            b"" if is_joined else None,
        )
        for name, start, length, is_joined, rows in row["layers"]
    ]
    result = Dissection(number, row["t"], row["w"], layers, problem=row["p"])
    return frame, result


def operations_as_json(
    conversations: Iterable[ConversationRow], rows: Iterable[OperationRow]
) -> dict[str, Any]:
    """Return conversations, and operations that name their conversation by its number."""
    return {
        "conversations": [
            asdict(row) | {"protocols": sorted(row.protocols), "kinds": dict(row.kinds)}
            for row in conversations
        ],
        "rows": [_operation(row) for row in rows],
    }


def _operation(row: OperationRow) -> dict[str, Any]:
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return values | {"conversation": row.conversation.number}


def operations_from_json(
    document: dict[str, Any], name_of: Callable[[str], str]
) -> tuple[tuple[ConversationRow, ...], tuple[OperationRow, ...]]:
    """Return conversations and operations; `name_of` returns the device of an address."""
    conversations = {
        row["number"]: ConversationRow(
            **row
            | {
                "client": name_of(row["client"]),
                "server": name_of(row["server"]),
                "protocols": set(row["protocols"]),
                "kinds": Counter({OperationKind(kind): n for kind, n in row["kinds"].items()}),
            }
        )
        for row in document["conversations"]
    }
    rows = tuple(
        OperationRow(
            **row
            | {
                "conversation": conversations[row["conversation"]],
                "kind": OperationKind(row["kind"]),
                "source": name_of(row["source"]),
                "target": name_of(row["target"]),
            }
        )
        for row in document["rows"]
    )
    return tuple(conversations.values()), rows


def as_bytes(document: Any) -> bytes:
    """Return JSON as UTF-8; lone surrogates stay escaped."""
    return json.dumps(document, separators=(",", ":"), default=str).encode()
