"""Blobs, packs, deltas, manifests and snapshots: bytes that are never lost. Knows nothing of source code."""
