"""Java and Kotlin on the JVM: Spring Boot, Quarkus, Micronaut and plain servers, built by Maven or Gradle."""

from __future__ import annotations

import posixpath
import re
from shlex import quote
from typing import Literal

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import Detection, Evidence, HostFacts, Tool
from ...model.plan import AppSpec, FileCheck, HealthSpec
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..quoting import path_word
from ..recipe import Draft
from ..reused_build import with_kept_build
from ..versions import at_least
from .java_services import java_services
from .java_source import BUILDS, SETTINGS, java_source, main_class, modules_of
from .listening import fixed_port
from .local_services import LocalService, refuse_missing
from .toolchain import toolchain

JAR = ".build/app.jar"
"""The program, relative to the app's folder; its dependencies are in it, or beside it in `LIBRARIES`."""
LIBRARIES = ".build/lib"
_BY_HAND = (
    suggest("Or say how to build it", "overrides.build"),
    suggest("And how to start it, such as `java -jar` and a file", "overrides.start"),
)
_PORT_OPTIONS = {
    "spring-boot": "-Dserver.port=$PORT -Dserver.address=$HOST",
    "quarkus": "-Dquarkus.http.port=$PORT -Dquarkus.http.host=$HOST",
    "micronaut": "-Dmicronaut.server.port=$PORT -Dmicronaut.server.host=$HOST",
    "helidon": "-Dserver.port=$PORT -Dserver.host=$HOST",
    "ktor": "-Dktor.deployment.port=$PORT",
}
_PORT = re.compile(r"(?:\bport\(|InetSocketAddress\(|\.start\(|ServerSocket\(|\.listen\()\s*(?:[\w\"().]+\s*,\s*)?(\d{2,5})\s*[),]")
_VERSION = re.compile(
    r"<(?:java\.version|maven\.compiler\.(?:release|target|source)|release)>\s*(?:1\.)?(\d+)\s*<|"
    r"JavaLanguageVersion\.of\((\d+)\)|jvmToolchain\((\d+)\)|sourceCompatibility\s*=\s*['\"]?(?:JavaVersion\.VERSION_)?(?:1[._])?(\d+)"
)
_ENTRY = re.compile(
    r"spring-boot-maven-plugin|org\.springframework\.boot|maven-(?:shade|assembly)-plugin|mainClass|Main-Class|quarkus|micronaut|shadow"
)
"""What gives a jar the name of the class that starts it, and most often its dependencies."""
_START_TIMEOUT_S = 120.0
"""A JVM with a large class path takes its time."""
_NOT_THE_PROGRAM = r"(-sources|-javadoc|-plain|-tests)\.jar$|/original-"


class JavaFindings(Model):
    """What a plan needs to know of the program."""

    tool: Literal["maven", "gradle"]
    wrapper: bool = False
    """The project brings its own build tool."""
    wrapper_version: str = ""
    """Version of Gradle that the build was written for; "" where nothing says."""
    framework: str = ""
    version: str = ""
    """Java feature release that the build asks for."""
    port: int | None = None
    module: str = ""
    """Folder of the program, where the build has several; "" for the root."""
    main_class: str = ""
    """The class to start, where the jar does not name it."""
    libraries: bool = False
    """The jar's dependencies have to be put beside it."""
    services: tuple[LocalService, ...] = ()
    distribution: str = ""
    """Name of the program that Gradle's `application` plugin installs with its libraries; "" for one jar."""


class JavaRecipe:
    """Folders with a pom.xml or a build.gradle."""

    name = "java"

    def detect(self, tree: RepoTree) -> Detection | None:
        file = next((name for name in (*BUILDS, *SETTINGS) if tree.is_file(name)), None)
        if file is None:
            return None
        tool = "maven" if file == "pom.xml" else "gradle"
        module = next((folder for folder in modules_of(tree, file) if java_source(tree.below(folder)).runnable), "")
        seen = java_source(tree.below(module) if module else tree)
        text, framework, serves = seen.text, seen.framework, seen.serves
        evidence = [Evidence(file=file, saw="a Maven project" if file == "pom.xml" else "a Gradle project", weight=3.0)]
        if seen.runnable:
            evidence.append(Evidence(file=file, saw=f"depends on {framework}" if framework else "listens", weight=4.0))
        distribution = _distribution(tree, module, text) if tool == "gradle" else ""
        names_class = bool(distribution) or _ENTRY.search(text) is not None
        findings = JavaFindings(
            tool=tool,
            wrapper=_has_wrapper(tree, file),
            wrapper_version=_gradle_version(tree) if tool == "gradle" else "",
            framework=framework,
            version=next((group for match in _VERSION.finditer(text) for group in match.groups() if group), ""),
            port=None if framework in _PORT_OPTIONS else fixed_port([source for _, source in seen.code], _PORT),
            module=module,
            main_class="" if names_class else main_class(seen.code),
            libraries=tool == "maven" and not names_class and "<dependency>" in text,
            services=java_services(tree.below(module) if module else tree) if framework == "spring-boot" else (),
            distribution=distribution,
        )
        return Detection(
            recipe=self.name,
            project_type="java",
            framework=framework,
            score=sum(item.weight for item in evidence),
            evidence=tuple(evidence),
            runnable=seen.runnable,
            refusal=None if seen.runnable else _no_program(file, text) if serves else _nothing_serves(file),
            details=findings.model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Build with the project's tool, start the program.

        Raises:
            RefusedError: Java, the build tool or a database on the target is not there, or Java is too old.
        """
        findings = JavaFindings.model_validate(detection.details)
        program = "mvn" if findings.tool == "maven" else "gradle"
        build_tool = () if findings.wrapper and not _fits(given.host.tool(program), findings.wrapper_version) else ((program,),)
        tools = toolchain(given, "Java", ("java",), *build_tool)
        _refuse_old_java(given.host, findings.version)
        refuse_missing(given, findings.services)
        call = program if build_tool else "sh ./mvnw" if program == "mvn" else "sh ./gradlew"
        built, start = _result(findings)
        build = tools.command(
            given, f"{call} {_build_words(findings)} && {_keep(findings)}", "The program, without running its tests."
        )
        options = f'export JAVA_OPTS="$JAVA_OPTS {_PORT_OPTIONS.get(findings.framework, "")}"; '
        command = options + (
            f"exec {quote(start)}" if findings.distribution else f"exec java $JAVA_OPTS {_class_or_jar(findings, start)}"
        )
        app = AppSpec(
            name=given.app_name,
            command=tools.prefix + command,
            cwd=given.repo.source.subdir,
            fixed_port=findings.port,
            health=HealthSpec(start_timeout_s=_START_TIMEOUT_S),
        )
        draft = Draft(
            strategy="traditional",
            app=app,
            tools=tools.tools,
            build=(build,),
            build_checks=(FileCheck(path=f"{app_folder(given)}/{built}"),),
            package_manager=findings.tool,
            command_prefix=tools.prefix,
        )
        draft = apply_overrides(draft, given, cwd=app_folder(given), prefix=tools.prefix)
        folder = app_folder(given)
        return with_kept_build(draft, given, f"{folder}/{built}", *tools.versions, outputs=(f"{folder}/.build",))


def _class_or_jar(findings: JavaFindings, jar: str) -> str:
    """What `java` starts."""
    if not findings.main_class:
        return f"-jar {quote(jar)}"
    return f"-cp '{jar}{f':{LIBRARIES}/*' if findings.libraries else ''}' {quote(findings.main_class)}"


def _has_wrapper(tree: RepoTree, file: str) -> bool:
    """Whether the project's own build tool can run: the script alone is not enough."""
    if file == "pom.xml":
        return tree.is_file("mvnw") and tree.is_file(".mvn/wrapper/maven-wrapper.properties")
    return tree.is_file("gradlew") and tree.is_file("gradle/wrapper/gradle-wrapper.jar")


def _gradle_version(tree: RepoTree) -> str:
    """The version that the wrapper would fetch: builds seldom run on another major one."""
    named = re.search(r"/gradle-(\d[\w.-]*?)-(?:bin|all)\.zip", tree.read("gradle/wrapper/gradle-wrapper.properties") or "")
    return named[1] if named else ""


def _fits(tool: Tool | None, wanted: str) -> bool:
    """Whether the target's own build tool is of the major version that the build was written for."""
    return tool is not None and (not wanted or not tool.version or tool.version.partition(".")[0] == wanted.partition(".")[0])


def _distribution(tree: RepoTree, module: str, text: str) -> str:
    """Gradle's `application` plugin without one that puts everything into one jar."""
    if not re.search(r"\bapplication\b|io\.ktor\.plugin", text) or re.search(r"springframework\.boot|quarkus|shadow", text):
        return ""
    if module:
        return posixpath.basename(module)
    settings = tree.read("settings.gradle") or tree.read("settings.gradle.kts") or ""
    named = re.search(r"rootProject\.name\s*=\s*[\"']([\w.-]+)", settings)
    return named[1] if named else posixpath.basename(tree.subdir) or "app"


def _build_words(findings: JavaFindings) -> str:
    if findings.tool == "maven":
        module = f" -pl {path_word(findings.module)} -am" if findings.module else ""
        copy = (
            f" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=${{PWD}}/{LIBRARIES}"
            if findings.libraries
            else ""
        )
        return f"-B -q -DskipTests{module} package{copy}"
    project = f":{findings.module.replace('/', ':')}:" if findings.module else ""
    task = quote(f"{project}{'installDist' if findings.distribution else 'build'}")
    return f"--no-daemon --console=plain {task}{'' if findings.distribution else ' -x test'}"


def _keep(findings: JavaFindings) -> str:
    """Shell text that puts the result where it is started from, whatever its version is called."""
    made = posixpath.join(findings.module, "target" if findings.tool == "maven" else "build")
    if findings.distribution:
        return f"mkdir -p .build && cp -R {path_word(f'{made}/install')}/* .build/"
    if findings.framework == "quarkus":
        return f"mkdir -p .build && cp -R {path_word(f'{made}/quarkus-app')} .build/"
    folder = path_word(made if findings.tool == "maven" else f"{made}/libs")
    # The largest one has the dependencies in it.
    return f"mkdir -p .build && cp \"$(ls -S {folder}/*.jar | grep -vE '{_NOT_THE_PROGRAM}' | head -n 1)\" {JAR}"


def _result(findings: JavaFindings) -> tuple[str, str]:
    """The file that proves the build, and what is started."""
    if findings.distribution:
        script = f".build/{findings.distribution}/bin/{findings.distribution}"
        return script, script
    jar = ".build/quarkus-app/quarkus-run.jar" if findings.framework == "quarkus" else JAR
    return jar, jar


def _no_program(file: str, text: str) -> Reason:
    modules = ", ".join(re.findall(r"<module>\s*([\w./-]+)\s*</module>", text)[:6])
    what = f"it has the modules {modules}" if modules else "it makes a library, or an archive for an application server"
    return Reason(
        kind=Kind.NO_RUNNABLE_AT_ROOT if modules else Kind.NO_START_COMMAND,
        message=f"{file} builds no program with a `main` of its own: {what}.",
        suggestions=(suggest("Deploy one of its modules", "subdir"), *_BY_HAND),
    )


def _nothing_serves(file: str) -> Reason:
    return Reason(
        kind=Kind.LIBRARY_NOTHING_TO_RUN,
        message=f"{file} names no HTTP server (looked for Spring Boot, Quarkus, Micronaut, Ktor, Javalin, Jetty and their like).",
        suggestions=(suggest("Deploy one of its examples", "subdir"), *_BY_HAND),
    )


def _refuse_old_java(host: HostFacts, wanted: str) -> None:
    java = host.tool("java")
    if java and wanted and not at_least(java.version, wanted):
        raise RefusedError(
            f"The build asks for Java {wanted}, and {java.version} is what is here.",
            kind=Kind.RUNTIME_VERSION_UNAVAILABLE,
            suggestions=(
                suggest(
                    f"Install a JDK {wanted} or newer (package openjdk-{wanted}-jdk), and deploy again", command="sdk install java"
                ),
            ),
        )
