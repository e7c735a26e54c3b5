"""Subjects of mails that misbehave in the workers of `odd_mail`."""

KILLS = "kills its process"
HANGS_ONCE = "hangs for ever, the first time"
EATS = "takes 300 MB and keeps them"
SLOW = "takes a second"
