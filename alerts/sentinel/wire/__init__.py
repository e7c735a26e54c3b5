"""Sentinel's own words: raw JSON in, frozen values out; the inverse for what we send. No Django.

Nothing an answer contains may lose the answer: what is odd is kept, flagged as `member:problem`,
and what cannot be read at all comes back as Unreadable for the quarantine. Only an answer that is
no whole list raises NotAPage, and then nothing of it may be stored.
"""
