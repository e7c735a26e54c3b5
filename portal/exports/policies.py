"""Who may export: whoever has lists to read."""

from portal.accounts.rights import roles_for

EXPORTING = roles_for("exports.export")
