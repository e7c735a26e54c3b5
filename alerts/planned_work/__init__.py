"""Work that OT has planned: who works on which devices, when, and for what. It defines which alerts
are expected while the work lasts, and which are not; incidents keep that beside their alerts.
Imports no rule and no review, and closes nothing. Doors: `queries`, `services`, pages, API,
command.
"""
