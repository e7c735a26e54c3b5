"""Reads captures: what devices sent to each other, in plain Python and without Django.

A capture is a pcap or pcapng file, recognised by its bytes and not by its name. `summarize` counts
what is in it, `dissect_file` takes its frames apart one by one. Whatever the bytes are, the answer
is a result or a `CaptureError` whose one sentence names the place; lengths in a file are never
trusted.

Must not import: lessons, people, the database. Entry points: the names below.
"""

from training.pcap.capture_file import CaptureFile, CaptureFrame, format_of
from training.pcap.dissector import Dissector, dissect_file
from training.pcap.messages import (
    CaptureError,
    Dissection,
    ExchangeSide,
    Limits,
    Message,
    MessageField,
    OperationKind,
    ProtocolLayer,
)
from training.pcap.summary import CaptureSummary, Conversation, OperationCount, summarize

__all__ = [
    "CaptureError",
    "CaptureFile",
    "CaptureFrame",
    "CaptureSummary",
    "Conversation",
    "Dissection",
    "Dissector",
    "ExchangeSide",
    "Limits",
    "Message",
    "MessageField",
    "OperationCount",
    "OperationKind",
    "ProtocolLayer",
    "dissect_file",
    "format_of",
    "summarize",
]
