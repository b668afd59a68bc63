"""Rust."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, output

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="cargo",
        locks="cargo.lock",
        folders=(output("target", "cargo build", beside=("Cargo.toml",), inside=(".rustc_info.json|CACHEDIR.TAG",)),),
    ),
)
