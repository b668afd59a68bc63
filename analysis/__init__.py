"""Bytes to symbols to fingerprints, and two versions to changes: pure functions over values."""
