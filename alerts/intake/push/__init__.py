"""The push hint: who may send it, and what follows from one."""
