"""Who may open the matrix."""

from portal.accounts.models import READING_ROLES, Role

MATRIX_ROLES = READING_ROLES | {Role.TRAINING_MANAGER}
