"""Who may export: whoever has lists to read."""

from portal.accounts.models import READING_ROLES, Role

EXPORTING = READING_ROLES | {Role.TRAINING_MANAGER}
