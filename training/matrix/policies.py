"""Who may open the matrix."""

from portal.accounts.rights import roles_for

MATRIX_ROLES = roles_for("matrix.open")
