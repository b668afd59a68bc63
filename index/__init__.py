r"""What was seen, where and when: a catalog (SQLite) and a full-text index (tantivy), both derived.

Usable on its own: it is told of snapshots, and of what analysis made of contents, and knows no files:

    >>> from blake3 import blake3
    >>> from codevault.analysis.analyse import analyse
    >>> from codevault.ids import BlobId, ProjectId, SnapshotId, VaultId
    >>> from codevault.index.index import Index
    >>> from codevault.index.model import FileChange, ProjectFacts, SnapshotFacts
    >>> text, shop = b"def rate(country):\n    return RATES[country]\n", ProjectId("1" * 16)
    >>> tax = FileChange(path="tax.py", blob=BlobId(blake3(text).hexdigest()), size=len(text))
    >>> index = Index.in_memory(vault_id=VaultId("ab" * 16))
    >>> index.put_project(ProjectFacts(id=shop, name="shop"))
    >>> first = SnapshotFacts(id=SnapshotId("2" * 64), project=shop, sequence=1, created_ns=0, changed=[tax])
    >>> index.add_snapshot(first)
    >>> for waiting in index.pending(index.waiting()):
    ...     index.add_analysis(waiting, analyse(waiting.path, text), text)
    >>> index.commit()
    >>> [(hit.path, hit.symbol.qualified_name) for hit in index.search_symbols("rate").hits]
    [('tax.py', 'rate')]
    >>> [(hit.path, hit.start_line) for hit in index.search_text("RATES[").hits]
    [('tax.py', 2)]
    >>> index.close()
"""
