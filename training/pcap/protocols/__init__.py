"""One file a protocol: how long its messages are on a stream, and what they say.

A stream protocol has `measure(data, start)`: the length of the message that begins there, 0 where
more bytes are needed to know, NotThisProtocolError where it is none. Every protocol has `read(data,
start, end, context)`, which adds layers and messages and raises ShortMessageError where the message
is shorter than it states.
"""
