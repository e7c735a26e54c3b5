"""From a proposal to two signatures, or to an answer without one."""
