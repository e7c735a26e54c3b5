"""Reads of the teaching: what learners see of it, and the files and drafts that it is made of."""
