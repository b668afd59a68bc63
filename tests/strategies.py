"""Hypothesis strategies, one a value type. Only imported by tests that need hypothesis."""
