"""Exports: any list of the API as one file, made by a worker for the person who asked.

A row is asked for (`services`), a worker reads the list page by page with the rights of its person
and keeps the file in the database, and the person takes it while they see as much as then.
"""
