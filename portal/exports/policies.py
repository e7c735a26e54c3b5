"""Who may export: the roles that have lists to read."""

from portal.accounts.rights import roles_for

EXPORTING = roles_for("exports.export")
