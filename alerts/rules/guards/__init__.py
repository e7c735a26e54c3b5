"""The guard-rails of suppression: what a rule may never do, whoever wants it. `never` (S1, S2) and
`holds` (S1) say what stays open, `lifecycle` (S3, S4) and `signing` (S5, S12) when a rule may act,
`closing` (S1, S2, S7, S10) is asked around each close.

Every check answers with sentences; none means that this guard has nothing against it. On doubt they
speak: an incident stays open and a person sees it.
"""
