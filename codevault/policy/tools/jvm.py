"""Java, Kotlin and Scala."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, cache, output

_GRADLE_BUILD = (
    "classes|libs|tmp|reports|generated|resources|test-results|intermediates|outputs|kotlin|distributions|docs|jacoco"
    "|install|publications|snapshot|spotless|scripts|kover|.transforms|problems|javadoc|bundled|dependency-cache"
)
_GRADLE = "build.gradle|build.gradle.kts|settings.gradle|settings.gradle.kts"

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="maven",
        folders=(
            output(
                "target",
                "mvn package",
                beside=("pom.xml",),
                inside=(
                    "classes|test-classes|maven-status|maven-archiver|surefire-reports|generated-sources|*.jar|*.war",
                ),
            ),
        ),
    ),
    Tool(
        name="sbt",
        folders=(
            output(
                "target",
                "sbt compile",
                beside=("build.sbt|build.properties",),
                inside=("streams|scala-*|global-logging",),
            ),
            cache(".bloop|.metals", "sbt compile", beside=("build.sbt",)),
        ),
    ),
    Tool(
        name="gradle",
        locks="gradle.lockfile",
        folders=(
            output(
                "build",
                "gradle build",
                beside=(_GRADLE,),
                inside=("classes|libs|tmp|generated|intermediates",),
                only=_GRADLE_BUILD,
            ),
            cache(
                ".gradle", "gradle build", beside=(f"{_GRADLE}|gradlew",), never="gradle.properties|init.d|init.gradle*"
            ),
            cache(".kotlin", "gradle build", beside=(_GRADLE,)),
        ),
    ),
    Tool(
        name="Android Studio",
        folders=(cache(".cxx|.externalNativeBuild", "gradle build", beside=(_GRADLE,)),),
    ),
    Tool(
        name="Leiningen and Clojure",
        folders=(
            output("target", "lein compile", beside=("project.clj",), inside=("classes|stale|*.jar",)),
            cache(".cpcache", "clojure -P", beside=("deps.edn",)),
            cache(".shadow-cljs", "shadow-cljs compile", beside=("shadow-cljs.edn",)),
        ),
    ),
    Tool(
        name="IntelliJ",
        folders=(
            output(
                "out",
                "build the project in the IDE",
                beside=("*.iml|.idea",),
                inside=("production",),
                only="production|test|artifacts",
            ),
        ),
    ),
)
