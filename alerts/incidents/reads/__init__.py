"""What the pages of this room read: rows and records whose words and times are made here, once,
so that templates only place them. Stands between queries and services; changes nothing.
"""
