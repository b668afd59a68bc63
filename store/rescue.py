"""Reads a vault with the standard library alone."""
