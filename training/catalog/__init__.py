"""The teaching as rows: modules, lessons, questions and cards, loaded from `training/content/`; and
what alert types show of ATT&CK, as reviewed. Must not depend on who learns (that is `progress`).
Doors: `engine`, `queries`, `services`, `manage.py training`.
"""
