"""Writes the captures of the lessons: the same bytes every time, from scenarios in Python.

`python -m tools.capture_writer FOLDER` writes every capture and `captures.yaml` beside them. What
is written is read back by this room's reader, and by tshark in the tests.
"""
