"""Java and Kotlin on the JVM: Spring Boot, Quarkus, Micronaut and plain servers, built by Maven or Gradle."""

from __future__ import annotations

import posixpath
import re
from typing import Literal

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import Detection, Evidence, HostFacts
from ...model.plan import AppSpec, FileCheck, HealthSpec
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..recipe import Draft
from ..versions import at_least
from .listening import fixed_port, sources
from .toolchain import toolchain

JAR = ".build/app.jar"
"""The program with its dependencies in it, relative to the app's folder."""
_BUILDS = ("pom.xml", "build.gradle", "build.gradle.kts")
_FRAMEWORKS = {
    "spring-boot": r"spring-boot|org\.springframework\.boot", "quarkus": r"\bio\.quarkus|quarkus-maven-plugin",
    "micronaut": r"\bio\.micronaut", "ktor": r"\bio\.ktor", "javalin": r"\bio\.javalin", "spark": r"\bcom\.sparkjava",
    "vertx": r"\bio\.vertx", "helidon": r"\bio\.helidon", "dropwizard": r"\bio\.dropwizard", "jooby": r"\bio\.jooby",
    "undertow": r"\bio\.undertow", "jetty": r"\borg\.eclipse\.jetty", "netty": r"\bio\.netty",
}  # fmt: skip
"""Most telling first; searched in the build file."""
_PORT_OPTIONS = {
    "spring-boot": "-Dserver.port=$PORT -Dserver.address=$HOST",
    "quarkus": "-Dquarkus.http.port=$PORT -Dquarkus.http.host=$HOST",
    "micronaut": "-Dmicronaut.server.port=$PORT -Dmicronaut.server.host=$HOST",
    "helidon": "-Dserver.port=$PORT -Dserver.host=$HOST",
    "ktor": "-Dktor.deployment.port=$PORT",
}
_LISTENS = re.compile(r"\bHttpServer\.create\(|\bnew ServerSocket\(|\bembeddedServer\(")
_PORT = re.compile(r"(?:\bport\(|InetSocketAddress\(|\.start\(|ServerSocket\(|\.listen\()\s*(?:[\w\"().]+\s*,\s*)?(\d{2,5})\s*[),]")
_VERSION = re.compile(
    r"<(?:java\.version|maven\.compiler\.(?:release|target|source)|release)>\s*(?:1\.)?(\d+)\s*<|"
    r"JavaLanguageVersion\.of\((\d+)\)|jvmToolchain\((\d+)\)|sourceCompatibility\s*=\s*['\"]?(?:JavaVersion\.VERSION_)?(?:1[._])?(\d+)"
)
_START_TIMEOUT_S = 120.0
"""A JVM with a large class path takes its time."""
_NOT_THE_PROGRAM = r"(-sources|-javadoc|-plain|-tests)\.jar$|/original-"


class JavaFindings(Model):
    """What a plan needs to know of the program."""

    tool: Literal["maven", "gradle"]
    wrapper: bool = False
    """The project brings its own build tool."""
    framework: str = ""
    version: str = ""
    """Java feature release that the build asks for."""
    port: int | None = None
    distribution: str = ""
    """Name of the program that Gradle's `application` plugin installs with its libraries; "" for one jar."""


class JavaRecipe:
    """Folders with a pom.xml or a build.gradle."""

    name = "java"

    def detect(self, tree: RepoTree) -> Detection | None:
        file = next((name for name in _BUILDS if tree.is_file(name)), None)
        if file is None:
            return None
        text = tree.read(file) or ""
        code = [source for _, source in sources(tree, ".java", ".kt")]
        framework = next((name for name, pattern in _FRAMEWORKS.items() if re.search(pattern, text)), "")
        serves = bool(framework) or any(_LISTENS.search(source) for source in code)
        evidence = [Evidence(file=file, saw="a Maven project" if file == "pom.xml" else "a Gradle project", weight=3.0)]
        runnable = serves and _is_program(text, code, file)
        if runnable:
            evidence.append(Evidence(file=file, saw=f"depends on {framework}" if framework else "listens", weight=4.0))
        findings = JavaFindings(
            tool="maven" if file == "pom.xml" else "gradle",
            wrapper=_has_wrapper(tree, file),
            framework=framework,
            version=next((group for match in _VERSION.finditer(text) for group in match.groups() if group), ""),
            port=None if framework in _PORT_OPTIONS else fixed_port(code, _PORT),
            distribution=_distribution(tree, file, text),
        )
        return Detection(
            recipe=self.name,
            project_type="java",
            framework=framework,
            score=sum(item.weight for item in evidence),
            evidence=tuple(evidence),
            runnable=runnable,
            refusal=None if runnable else _no_program(file, text) if serves else _nothing_serves(file),
            details=findings.model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Build with the project's tool, start the program.

        Raises:
            RefusedError: Java or the build tool is not there, or Java is too old.
        """
        findings = JavaFindings.model_validate(detection.details)
        program = "mvn" if findings.tool == "maven" else "gradle"
        build_tool = () if findings.wrapper and not given.host.tool(program) else ((program,),)
        tools = toolchain(given, "Java", ("java",), *build_tool)
        _refuse_old_java(given.host, findings.version)
        call = program if build_tool else "sh ./mvnw" if program == "mvn" else "sh ./gradlew"
        built, start = _result(findings)
        build = tools.command(
            given, f"{call} {_build_words(findings)} && {_keep(findings)}", "The program, without running its tests."
        )
        options = f'export JAVA_OPTS="$JAVA_OPTS {_PORT_OPTIONS.get(findings.framework, "")}"; '
        command = options + (f"exec {start}" if findings.distribution else f"exec java $JAVA_OPTS -jar {start}")
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
        return apply_overrides(draft, given, cwd=app_folder(given), prefix=tools.prefix)


def _is_program(text: str, code: list[str], file: str) -> bool:
    """Whether the build makes something that `java` starts."""
    if file == "pom.xml" and "<packaging>pom</packaging>" in text:
        return False
    if file == "pom.xml" and "<packaging>war</packaging>" in text and "spring-boot" not in text:
        return False
    starts = any(re.search(r"\bvoid\s+main\s*\(|\bfun\s+main\s*\(", source) for source in code)
    return starts or "quarkus" in text or "io.ktor" in text


def _has_wrapper(tree: RepoTree, file: str) -> bool:
    """Whether the project's own build tool can run: the script alone is not enough."""
    if file == "pom.xml":
        return tree.is_file("mvnw") and tree.is_file(".mvn/wrapper/maven-wrapper.properties")
    return tree.is_file("gradlew") and tree.is_file("gradle/wrapper/gradle-wrapper.jar")


def _distribution(tree: RepoTree, file: str, text: str) -> str:
    """Gradle's `application` plugin without one that puts everything into one jar."""
    if (
        file == "pom.xml"
        or not re.search(r"\bapplication\b|io\.ktor\.plugin", text)
        or re.search(r"springframework\.boot|quarkus|shadow", text)
    ):
        return ""
    settings = tree.read("settings.gradle") or tree.read("settings.gradle.kts") or ""
    named = re.search(r"rootProject\.name\s*=\s*[\"']([\w.-]+)", settings)
    return named[1] if named else posixpath.basename(tree.subdir) or "app"


def _build_words(findings: JavaFindings) -> str:
    if findings.tool == "maven":
        return "-B -q -DskipTests package"
    return f"--no-daemon --console=plain {'installDist' if findings.distribution else 'build -x test'}"


def _keep(findings: JavaFindings) -> str:
    """Shell text that puts the result where it is started from, whatever its version is called."""
    if findings.distribution:
        return "mkdir -p .build && cp -R build/install/* .build/"
    if findings.framework == "quarkus":
        folder = "target" if findings.tool == "maven" else "build"
        return f"mkdir -p .build && cp -R {folder}/quarkus-app .build/"
    folder = "target" if findings.tool == "maven" else "build/libs"
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
        suggestions=("Deploy one of its modules: `--subdir FOLDER`.", "Or say how: `--build '…' --start 'java -jar …'`."),
    )


def _nothing_serves(file: str) -> Reason:
    return Reason(
        kind=Kind.LIBRARY_NOTHING_TO_RUN,
        message=f"{file} names no HTTP server (looked for Spring Boot, Quarkus, Micronaut, Ktor, Javalin, Jetty and their like).",
        suggestions=("Deploy one of its examples: `--subdir FOLDER`.", "Or say how: `--build '…' --start 'java -jar …'`."),
    )


def _refuse_old_java(host: HostFacts, wanted: str) -> None:
    java = host.tool("java")
    if java and wanted and not at_least(java.version, wanted):
        raise RefusedError(
            f"The build asks for Java {wanted}, and {java.version} is what is here.",
            kind=Kind.RUNTIME_VERSION_UNAVAILABLE,
            suggestions=(f"Install a JDK {wanted} or newer (package openjdk-{wanted}-jdk, `sdk install java`), and deploy again.",),
        )
