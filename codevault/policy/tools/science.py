"""R, Julia, Perl, and boards and robots."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, cache, dependency, output

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="renv",
        locks="renv.lock",
        folders=(
            dependency(
                "library",
                "renv::restore()",
                beside=("activate.R",),
                inside=("R-[0-9]*|linux-*|macos*|windows*",),
                below="renv",
            ),
        ),
    ),
    Tool(
        name="packrat",
        locks="packrat.lock",
        folders=(dependency("lib|lib-R|lib-ext", "packrat::restore()", beside=("packrat.lock",), below="packrat"),),
    ),
    Tool(name="RStudio", folders=(cache(".Rproj.user", "open the project in RStudio", beside=("*.Rproj",)),)),
    Tool(name="Julia", locks="manifest.toml"),
    Tool(
        name="Carton",
        locks="cpanfile.snapshot",
        folders=(
            dependency(
                "local",
                "carton install",
                beside=("cpanfile.snapshot",),
                inside=("lib",),
                only="lib|bin|man|cache|share",
            ),
        ),
    ),
    Tool(
        name="PlatformIO",
        folders=(output(".pio", "pio run", beside=("platformio.ini",), inside=("build|libdeps",)),),
    ),
    Tool(
        name="colcon",
        folders=(
            output("build", "colcon build", beside=("src",), inside=("COLCON_IGNORE", ".built_by")),
            output(
                "install", "colcon build", beside=("src",), inside=("COLCON_IGNORE", ".colcon_install_layout"), never=""
            ),
            output("log", "colcon build", beside=("src",), inside=("COLCON_IGNORE", "latest*")),
        ),
    ),
)
