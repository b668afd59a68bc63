"""Projects with an identity of their own: root, client, phase, stack, tags, notes."""
