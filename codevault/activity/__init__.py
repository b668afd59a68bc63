"""From instants of editing to coding sessions, and to when a backup is due.

Usable on its own: instants go in, wherever they come from (a log, an editor, times of files), and no clock is read:

    >>> from codevault.activity.sessions import Edit, sessions
    >>> from codevault.ids import ProjectId
    >>> shop, minute = ProjectId("00000000000000aa"), 60 * 10**9
    >>> morning = [Edit(project=shop, at_ns=at * minute, path="tax.py") for at in (0, 7, 12)]
    >>> later = [Edit(project=shop, at_ns=95 * minute, path="cart.py")]
    >>> for each in sessions(morning + later):  # a pause of more than 15 minutes ends one
    ...     print(each.paths, each.edits, each.duration_s / 60)
    ('tax.py',) 3 12.0
    ('cart.py',) 1 0.0
    >>> len(sessions(morning + later, gap_s=2 * 3600))
    1
"""
