"""The guards of suppression: what a rule may never do. `never` (S1, S2) and `holds` (S1) decide
what stays open, `signing` (S5, S12) when a rule may act (with `lifetime`, S3, and `trial`, S4, of
`alerts.rules`), `closing` (S1, S2, S7, S10) is checked around each close.

Every check returns sentences; none means that it has no objection. A doubt is an objection: the
incident stays open and a person sees it.
"""
