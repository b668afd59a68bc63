""".NET and Visual C++."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, dependency, output

_MSBUILD = "*.csproj|*.fsproj|*.vbproj"
_MSBUILD_CONFIGURATIONS = "Debug|Release|x64|x86|AnyCPU|ARM64|net[0-9]*"
_MSVC = (
    "*.obj|*.pdb|*.ilk|*.exe|*.dll|*.lib|*.exp|*.tlog|*.log|*.idb|*.iobj|*.ipdb|*.recipe|*.lastbuildstate|*.res|*.pch"
)

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="NuGet",
        locks="packages.lock.json paket.lock",
        folders=(
            dependency(
                "packages",
                "nuget restore",
                beside=("packages.config|*.sln",),
                inside=("*.[0-9]*",),
                only="*.[0-9]*|repositories.config",
            ),
        ),
    ),
    Tool(
        name="dotnet",
        folders=(
            output(
                "bin",
                "dotnet build",
                beside=(_MSBUILD,),
                inside=(_MSBUILD_CONFIGURATIONS,),
                only=_MSBUILD_CONFIGURATIONS,
            ),
            output(
                "obj",
                "dotnet build",
                beside=(_MSBUILD,),
                inside=("project.assets.json|Debug|Release",),
                only=f"{_MSBUILD_CONFIGURATIONS}|project.assets.json|project.nuget.cache|*.nuget.*|*.cache",
            ),
        ),
    ),
    Tool(
        name="Visual C++",
        folders=(
            output("Debug|Release", "msbuild", beside=("*.vcxproj",), inside=("*.obj|*.tlog|*.pdb",), only=_MSVC),
        ),
    ),
)
