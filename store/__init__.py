"""Blobs, packs, deltas, manifests and snapshots: bytes that are never lost. Knows nothing of source code.

Usable on its own, as an append-only store of snapshots of anything. A writer holds the vault's lock until it is left:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from codevault.ids import ProjectId
    >>> from codevault.store.model import Entry, EntryKind, SnapshotDraft
    >>> from codevault.store.store import Store
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = Store.create(Path(folder.name) / "vault")
    >>> with store.writer() as writer:
    ...     blob = writer.add(b"first words", path="notes.txt")
    ...     note = Entry(path="notes.txt", kind=EntryKind.FILE, mode=0o644, mtime_ns=0, size=11, blob=blob)
    ...     draft = SnapshotDraft(project=ProjectId("00112233445566ff"), created_ns=0, reason="a beginning")
    ...     snapshot = writer.commit(draft, [note])
    >>> snapshot.sequence, [entry.path for entry in store.manifest(snapshot)], store.read(blob)
    (1, ['notes.txt'], b'first words')
    >>> store.verify().ok
    True
    >>> store.close(); folder.cleanup()
"""
