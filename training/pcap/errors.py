"""What can go wrong with a capture, said in one sentence with its place."""


class CaptureError(Exception):
    """The file cannot be read as a capture. The text is a sentence for a person."""


class ShortMessageError(Exception):
    """A message ends before the fields that its own lengths or codes announce."""


class NotThisProtocolError(Exception):
    """The bytes on a protocol's port do not belong to that protocol."""
