"""Dart and Flutter."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, cache, output

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="Dart and Flutter",
        locks="pubspec.lock",
        folders=(
            output(
                "build",
                "flutter build",
                beside=("pubspec.yaml",),
                inside=(".last_build_id|flutter_assets|native_assets|*.cache.dill*",),
            ),
            cache(".dart_tool", "dart pub get", beside=("pubspec.yaml",)),
        ),
    ),
)
