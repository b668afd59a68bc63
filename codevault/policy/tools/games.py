"""Game engines."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, cache

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="game engines",
        folders=(
            cache(
                "Library",
                "open the project in Unity",
                beside=("Assets", "ProjectSettings"),
                inside=("ArtifactDB|metadata|PackageCache",),
            ),
            cache("Temp", "open the project in Unity", beside=("Assets", "ProjectSettings"), inside=("UnityLockfile",)),
            cache(".godot|.import", "open the project in Godot", beside=("project.godot",)),
            cache("Intermediate|DerivedDataCache", "open the project in Unreal", beside=("*.uproject",)),
        ),
    ),
)
