"""Reads a folder of modules and says what is wrong with it, by line and column. No Django."""
