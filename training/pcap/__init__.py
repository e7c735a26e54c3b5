"""Reads captures: what devices sent to each other, in plain Python and without Django.

A capture is a pcap or pcapng file, recognised by its bytes and not by its name. `summarize` counts
what is in it, `dissect_file` takes its frames apart one by one. Whatever the bytes are, the answer
is a result or a `CaptureError` whose one sentence names the place; lengths in a file are never
trusted.

Must not import: lessons, people, the database. Entry points: `summary.summarize` and
`dissector.dissect_file`.
"""
