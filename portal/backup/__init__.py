"""Backups of everything that Tagout keeps, and the pause after one was restored, in which nothing
is sent and no rule acts until an administrator has looked. Imports neither wing: what is to be
compared with the outside is contributed through `registry`. Doors: commands `backup` and `restore`,
`queries.is_paused_after_restore`.
"""
