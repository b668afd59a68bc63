"""C, C++ and Zig."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, cache, dependency, output

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="CMake",
        folders=(
            output(
                "build|_build|out|cmake-build-debug|cmake-build-release|cmake-build-relwithdebinfo|cmake-build-minsizerel",
                "cmake -S . -B build && cmake --build build",
                beside=("CMakeLists.txt",),
                inside=("CMakeCache.txt", "CMakeFiles"),
            ),
        ),
    ),
    Tool(
        name="Meson",
        folders=(
            output(
                "build|builddir|_build",
                "meson setup build && ninja -C build",
                beside=("meson.build",),
                inside=("meson-info", "meson-private"),
            ),
        ),
    ),
    Tool(
        name="Zig",
        folders=(
            output("zig-out", "zig build", beside=("build.zig",), inside=("bin|lib",), only="bin|lib|include"),
            cache("zig-cache|.zig-cache", "zig build", beside=("build.zig",)),
        ),
    ),
    Tool(
        name="make and Autotools",
        folders=(
            output(".deps", "make", beside=("Makefile",), inside=("*.Po|*.Plo",), only="*.Po|*.Plo|*.Tpo"),
            cache("autom4te.cache", "autoreconf", beside=("configure.ac|configure.in",)),
        ),
    ),
    Tool(
        name="vcpkg",
        folders=(dependency("vcpkg_installed", "vcpkg install", beside=("vcpkg.json",), inside=("vcpkg",)),),
    ),
    Tool(name="Nim", folders=(cache("nimcache", "nim c", inside=("*.nim.c|*.nim.cpp|*.nim.o",)),)),
    Tool(name="dub", locks="dub.selections.json", folders=(cache(".dub", "dub build", beside=("dub.json|dub.sdl",)),)),
    Tool(
        name="shards",
        locks="shard.lock",
        folders=(dependency("lib", "shards install", beside=("shard.lock",), inside=(".shards.info",)),),
    ),
    Tool(name="Buck2", folders=(output("buck-out", "buck2 build", beside=(".buckconfig",)),)),
    Tool(name="Pants", folders=(cache(".pants.d", "pants", beside=("pants.toml",)),)),
    Tool(name="Bazel", locks="module.bazel.lock maven_install.json"),
    Tool(name="Conan", locks="conan.lock"),
)
