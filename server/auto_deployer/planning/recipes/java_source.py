"""What a Maven or Gradle build is made of: its modules, and which of them makes a program that serves."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from ...model.ports import RepoTree
from .listening import sources

BUILDS = ("pom.xml", "build.gradle", "build.gradle.kts")
SETTINGS = ("settings.gradle", "settings.gradle.kts")
_FRAMEWORKS = {
    "spring-boot": r"spring-boot|org\.springframework\.boot", "quarkus": r"\bio\.quarkus|quarkus-maven-plugin",
    "micronaut": r"\bio\.micronaut", "ktor": r"\bio\.ktor", "javalin": r"\bio\.javalin", "spark": r"\bcom\.sparkjava",
    "vertx": r"\bio\.vertx", "helidon": r"\bio\.helidon", "dropwizard": r"\bio\.dropwizard", "jooby": r"\bio\.jooby",
    "undertow": r"\bio\.undertow", "jetty": r"\borg\.eclipse\.jetty", "netty": r"\bio\.netty",
}  # fmt: skip
"""Most telling first; searched in the build file."""
_LISTENS = re.compile(r"\bHttpServer\.create\(|\bnew ServerSocket\(|\bembeddedServer\(")
_MAIN = re.compile(r"\bvoid\s+main\s*\(|\bfun\s+main\s*\(")
_PACKAGE = re.compile(r"(?m)^\s*package\s+([\w.]+)")
_CLASS = re.compile(r"[^\W\d][\w$]*(?:\.[^\W\d][\w$]*)*")
"""The name of a class: a file of any other name holds none that `java` could start."""


@dataclass(frozen=True)
class JavaSource:
    """One build file and the sources below it."""

    text: str
    code: list[tuple[str, str]]
    """Path and text."""

    @property
    def framework(self) -> str:
        return next((name for name, pattern in _FRAMEWORKS.items() if re.search(pattern, self.text)), "")

    @property
    def serves(self) -> bool:
        return bool(self.framework) or any(_LISTENS.search(source) for _, source in self.code)

    @property
    def runnable(self) -> bool:
        """Whether the build makes something that `java` starts, and that serves."""
        no_program = "<packaging>pom</packaging>" in self.text
        for_a_server = "<packaging>war</packaging>" in self.text and "spring-boot" not in self.text
        starts = any(_MAIN.search(source) for _, source in self.code) or "quarkus" in self.text or "io.ktor" in self.text
        return self.serves and starts and not no_program and not for_a_server


def java_source(tree: RepoTree) -> JavaSource:
    """The build file of a folder and the sources below it; nothing where there is none."""
    file = next((name for name in BUILDS if tree.is_file(name)), None)
    return JavaSource(tree.read(file) or "" if file else "", list(sources(tree, ".java", ".kt")) if file else [])


def modules_of(tree: RepoTree, file: str) -> list[str]:
    """The folders that a build consists of, as it lists them."""
    if file == "pom.xml":
        return re.findall(r"<module>\s*([\w./-]+)\s*</module>", tree.read(file) or "")
    settings = "\n".join(tree.read(name) or "" for name in SETTINGS)
    included = (
        re.findall(r"[\"']:?([\w:./-]+)[\"']", listed) for listed in re.findall(r"(?m)^\s*include\b\s*\(?([^)\n]*)", settings)
    )
    return [name.replace(":", "/") for names in included for name in names]


def main_class(code: list[tuple[str, str]]) -> str:
    """The full name of the first class with a `main`; of Kotlin's functions, that of their file."""
    for path, source in code:
        if _MAIN.search(source):
            package = _PACKAGE.search(source)
            stem, suffix = posixpath.splitext(posixpath.basename(path))
            name = f"{stem[:1].upper()}{stem[1:]}Kt" if suffix == ".kt" else stem
            found = f"{package[1]}.{name}" if package else name
            if _CLASS.fullmatch(found):
                return found
    return ""
