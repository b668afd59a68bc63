"""Swift, CocoaPods and Xcode."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, dependency, output

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="CocoaPods",
        locks="podfile.lock cartfile.resolved",
        folders=(dependency("Pods", "pod install", beside=("Podfile",), inside=("Manifest.lock|Pods.xcodeproj",)),),
    ),
    Tool(
        name="Carthage",
        folders=(
            dependency(
                "Build", "carthage bootstrap", inside=("iOS|Mac|tvOS|*.xcframework|.*.version",), below="Carthage"
            ),
        ),
    ),
    Tool(
        name="Swift packages",
        locks="package.resolved",
        folders=(
            output(
                ".build",
                "swift build",
                beside=("Package.swift",),
                inside=("checkouts|debug|release|workspace-state.json",),
            ),
        ),
    ),
    Tool(
        name="Xcode",
        folders=(
            output(
                "DerivedData",
                "xcodebuild",
                beside=("*.xcodeproj|*.xcworkspace",),
                inside=("ModuleCache.noindex|Build|info.plist",),
            ),
        ),
    ),
)
