"""The pieces that pages are built from, one module a family; `{% load ui %}` brings them all."""
