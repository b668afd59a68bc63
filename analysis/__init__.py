r"""Bytes to symbols to fingerprints, and two versions to changes: pure functions over values.

Usable on its own: nothing is read, written or remembered. Languages are found from the name and the content:

    >>> from codevault.analysis.analyse import analyse
    >>> before = analyse("tax.py", b"def rate(country):\n    return RATES[country] / 100\n")
    >>> before.language, [(str(each.kind), each.name, each.parameters) for each in before.symbols]
    ('python', [('function', 'rate', ('country',))])
    >>> after = analyse("tax.py", b"def share(land):  # renamed\n    return RATES[land] / 100\n")
    >>> old, new = before.symbols[0], after.symbols[0]
    >>> old.exact == new.exact, old.renamed == new.renamed  # equal tokens; equal but for names
    (False, True)
    >>> analyse("logo.png", b"\x89PNG\x00").outcome.name
    'BINARY'
"""
