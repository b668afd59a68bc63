"""How a path's present bytes relate to its repository: a decision over values. Bytes decide, never what stat says."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from codevault.vcs.model import ObjectId, Standing, Tracked


def standing(
    tracked: Tracked | None, present: ObjectId | None, safe: AbstractSet[ObjectId], *, ignored: bool = False
) -> Standing:
    """`present` is what the repository would call the bytes that are there now, None when nothing is there.

    Only SAFE allows to leave content to a repository, and it is given for tracked paths alone.
    """
    if tracked is None:
        return Standing.IGNORED if ignored else Standing.UNTRACKED
    if tracked.conflict:
        return Standing.CONFLICT
    if present is None:
        return Standing.MISSING
    if present in safe:
        return Standing.SAFE
    if present != tracked.object:
        return Standing.CHANGED
    return Standing.COMMITTED if tracked.committed else Standing.STAGED
