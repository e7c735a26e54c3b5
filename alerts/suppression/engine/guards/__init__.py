"""The guard-rails of suppression, one file each: what a rule may never do, whoever wants it.

Every check answers with sentences; none means that this guard has nothing against it. On doubt they
speak: an incident stays open and a person sees it.
"""
