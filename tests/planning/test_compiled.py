"""Go, Rust and Java: what serves, how it is built and started, and what is no app."""

from __future__ import annotations

import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import Detection, HostFacts, Tool
from auto_deployer.model.plan import Overrides
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.planner import RecipePlanner
from auto_deployer.planning.recipe import Draft, Recipe
from auto_deployer.planning.recipes.go import GoRecipe
from auto_deployer.planning.recipes.java import JavaRecipe
from auto_deployer.planning.recipes.rust import RustRecipe

from .conftest import HOST, DictTree, plan_input

GO = 'package main\nimport "net/http"\nfunc main() { http.ListenAndServe(":" + os.Getenv("PORT"), nil) }\n'
POM = "<project><dependencies><dependency><groupId>{}</groupId></dependency></dependencies>{}</project>"
MAIN = {"src/main/java/App.java": "class App { public static void main(String[] a) {} }"}


def host(**versions: str) -> HostFacts:
    """The usual host with these programs; the underscore of a name is no part of it."""
    found = (Tool(name=name, path=f"/usr/bin/{name}", version=version) for name, version in versions.items())
    return HOST.model_copy(update={"distribution": "Debian GNU/Linux 12 (bookworm)", "tools": (*HOST.tools, *found)})


FULL = host(go="1.22.1", cargo="1.80.0", java="17.0.9", mvn="3.8.7", gradle="8.5")


def detected(recipe: Recipe, files: dict[str, str]) -> Detection:
    found = recipe.detect(DictTree(files))
    assert found is not None
    return found


def drafted(recipe: Recipe, files: dict[str, str], *, on: HostFacts = FULL, overrides: Overrides | None = None) -> Draft:
    found = detected(recipe, files)
    return recipe.draft(plan_input(found, host=on, overrides=overrides), found)


def refused(recipe: Recipe, files: dict[str, str], *, on: HostFacts) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        drafted(recipe, files, on=on)
    return caught.value


async def planned_kind(recipe: Recipe, files: dict[str, str]) -> Kind:
    with pytest.raises(RefusedError) as caught:
        await RecipePlanner().plan(plan_input(detected(recipe, files), host=FULL))
    return caught.value.kind


class TestGo:
    """Modules and single files."""

    def test_a_module_with_requirements(self) -> None:
        module = "module example.com/acme/shop/v2\n\ngo 1.21\n\nrequire github.com/gin-gonic/gin v1.9.1\n"
        draft = drafted(GoRecipe(), {"go.mod": module, "main.go": GO})
        assert [command.command for command in (*draft.install, *draft.build)] == ["go mod download", "go build -o bin/shop ./"]
        assert draft.build[0].env == {"CGO_ENABLED": "0"}
        assert draft.app.command == "exec bin/shop"
        assert draft.build_checks[0].model_dump()["path"].endswith("/bin/shop")

    def test_the_program_that_serves_is_chosen(self) -> None:
        tool = 'package main\nimport "fmt"\nfunc main() { fmt.Println() }\n'
        files = {"go.mod": "module x\n", "main.go": tool, "cmd/tool/main.go": tool, "cmd/web/main.go": GO}
        draft = drafted(GoRecipe(), files)
        assert (draft.build[0].command, draft.install) == ("go build -o bin/web ./cmd/web", ())

    def test_a_command_that_serves(self) -> None:
        files = {"go.mod": "module x\n", "main.go": GO, "cmd.go": 'package main\nvar c = &cobra.Command{Use: "serve"}\n'}
        assert drafted(GoRecipe(), files).app.command == "exec bin/x serve"

    def test_c_libraries_need_cgo(self) -> None:
        files = {"go.mod": "module x\nrequire github.com/mattn/go-sqlite3 v1.14.0\n", "main.go": GO}
        assert drafted(GoRecipe(), files).build[0].env == {}

    @pytest.mark.parametrize(
        ("code", "port"), [('http.ListenAndServe(":8080", nil)', 8080), ('r.Run(":" + os.Getenv("PORT"))', None)]
    )
    def test_a_fixed_port(self, code: str, port: int | None) -> None:
        files = {"go.mod": "module x\n", "main.go": f"package main\nfunc main() {{ r := gin.Default(); {code} }}\n"}
        assert drafted(GoRecipe(), files).app.fixed_port == port

    @pytest.mark.parametrize(
        "files",
        [
            {"mux.go": "package mux\nfunc (r *Router) ServeHTTP() {}\n", "mux_test.go": GO},
            {"main.go": 'package main\nfunc main() { net.Listen("tcp", ":1") }\n'},
            {"mux.go": "package mux\n", "examples/web/main.go": GO},
        ],
    )
    async def test_libraries_and_command_line_programs(self, files: dict[str, str]) -> None:
        assert await planned_kind(GoRecipe(), {"go.mod": "module x\n", **files}) is Kind.LIBRARY_NOTHING_TO_RUN

    def test_without_go_the_command_that_installs_it_is_named(self) -> None:
        error = refused(GoRecipe(), {"go.mod": "module x\n", "main.go": GO}, on=host())
        assert error.kind is Kind.MISSING_TOOL
        assert "sudo apt install golang-go" in suggested(error)[0]

    def test_an_old_go_that_cannot_read_the_module(self) -> None:
        files = {"go.mod": "module x\ngo 1.22.3\n", "main.go": GO}
        assert refused(GoRecipe(), files, on=host(go="1.19.8")).kind is Kind.RUNTIME_VERSION_UNAVAILABLE
        assert drafted(GoRecipe(), files, on=host(go="1.21.0")).app.command

    def test_a_program_off_the_path_is_put_there(self) -> None:
        tools = (Tool(name="go", path="/opt/go/bin/go", version="1.22"),)
        draft = drafted(GoRecipe(), {"go.mod": "module x\n", "main.go": GO}, on=HOST.model_copy(update={"tools": tools}))
        assert draft.build[0].command.startswith('export PATH=/opt/go/bin:"$PATH"; ')
        assert draft.tools == ("/opt/go/bin/go",)

    def test_the_users_start_needs_no_program_that_serves(self) -> None:
        draft = drafted(GoRecipe(), {"go.mod": "module x\n", "x.go": "package x\n"}, overrides=Overrides(start="x serve"))
        assert (draft.build, draft.app.command) == ((), 'export PATH="$PWD/bin:$PATH"; x serve')

    def test_the_program_of_a_workspace(self) -> None:
        files = {
            "go.work": "go 1.21\n\nuse (\n\t./api\n\t./shared\n)\n",
            "api/go.mod": "module shop/api\n",
            "api/main.go": 'package main\nfunc main() { http.ListenAndServe(":8080", nil) }',
            "shared/go.mod": "module shop/shared\n",
            "shared/a.go": "package shared",
        }
        draft = drafted(GoRecipe(), files)
        assert draft.build[0].command == "go build -o bin/api ./api"


class TestRust:
    """Packages and workspaces."""

    AXUM = '[package]\nname = "shop"\n[dependencies]\naxum = "0.7"\n'

    def test_a_package(self) -> None:
        draft = drafted(RustRecipe(), {"Cargo.toml": self.AXUM, "Cargo.lock": "", "src/main.rs": "fn main() {}"})
        assert [command.command for command in (*draft.install, *draft.build)] == [
            "cargo fetch --locked",
            "cargo build --release --locked --bin shop",
        ]
        assert draft.app.command == "exec target/release/shop"

    def test_rocket_has_variables_of_its_own(self) -> None:
        draft = drafted(RustRecipe(), {"Cargo.toml": self.AXUM.replace("axum", "rocket"), "src/main.rs": ""})
        assert draft.app.command == 'export ROCKET_ADDRESS="$HOST" ROCKET_PORT="$PORT"; exec target/release/shop'

    def test_the_member_of_a_workspace_that_serves(self) -> None:
        files = {
            "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
            "crates/core/Cargo.toml": '[package]\nname = "core"\n',
            "crates/core/src/lib.rs": "",
            "crates/api/Cargo.toml": self.AXUM.replace("shop", "api"),
            "crates/api/src/main.rs": "",
        }
        assert drafted(RustRecipe(), files).build[0].command == "cargo build --release --package api --bin api"

    def test_the_command_that_serves(self) -> None:
        files = {"Cargo.toml": self.AXUM, "src/main.rs": "#[derive(Debug, Subcommand)]\nenum Command {\n    Check,\n    Serve {\n"}
        assert drafted(RustRecipe(), files).app.command == "exec target/release/shop serve"

    def test_a_fixed_port(self) -> None:
        files = {"Cargo.toml": self.AXUM, "src/main.rs": 'TcpListener::bind("0.0.0.0:3000")'}
        assert drafted(RustRecipe(), files).app.fixed_port == 3000

    @pytest.mark.parametrize(
        "files",
        [
            {"Cargo.toml": '[package]\nname = "rg"\n[dependencies]\nclap = "4"\n', "src/main.rs": "fn main() {}"},
            {"Cargo.toml": AXUM, "src/lib.rs": ""},
            {"Cargo.toml": AXUM, "src/main.rs": "#[derive(Subcommand)]\nenum Command {\n    Build,\n}\n"},
        ],
    )
    async def test_libraries_and_command_line_programs(self, files: dict[str, str]) -> None:
        assert await planned_kind(RustRecipe(), files) is Kind.LIBRARY_NOTHING_TO_RUN


class TestJava:
    """Maven and Gradle."""

    def test_spring_boot_with_maven(self) -> None:
        draft = drafted(JavaRecipe(), {"pom.xml": POM.format("org.springframework.boot", ""), **MAIN})
        assert draft.build[0].command.startswith("mvn -B -q -DskipTests package && mkdir -p .build && cp ")
        assert "-Dserver.port=$PORT" in draft.app.command
        assert draft.app.command.endswith("exec java $JAVA_OPTS -jar .build/app.jar")

    def test_the_projects_own_maven_serves_where_there_is_none(self) -> None:
        files = {"pom.xml": POM.format("io.javalin", ""), "mvnw": "", ".mvn/wrapper/maven-wrapper.properties": "", **MAIN}
        assert drafted(JavaRecipe(), files, on=host(java="21.0.1")).build[0].command.startswith("sh ./mvnw ")

    @pytest.mark.parametrize(
        ("version", "wrapper", "called"),
        [("8.5", "8.1", "gradle "), ("4.4.1", "7.4", "sh ./gradlew "), ("4.4.1", "", "gradle "), ("", "7.4", "gradle ")],
    )
    def test_a_build_runs_with_the_gradle_that_it_was_written_for(self, version: str, wrapper: str, called: str) -> None:
        url = f"distributionUrl=https\\://services.example.org/distributions/gradle-{wrapper}-bin.zip\n" if wrapper else ""
        files = {"build.gradle": "id 'org.springframework.boot'", "gradlew": "", "gradle/wrapper/gradle-wrapper.jar": "", **MAIN}
        files["gradle/wrapper/gradle-wrapper.properties"] = url
        draft = drafted(JavaRecipe(), files, on=host(java="17.0.9", gradle=version))
        assert draft.build[0].command.startswith(called)

    def test_gradles_application_is_installed_with_its_libraries(self) -> None:
        files = {
            "build.gradle.kts": 'plugins { application }\ndependencies { implementation("io.ktor:ktor-server-netty") }\n',
            "settings.gradle.kts": 'rootProject.name = "shop"\n',
            "src/main/kotlin/App.kt": "fun main() {}",
        }
        draft = drafted(JavaRecipe(), files)
        assert draft.build[0].command.startswith("gradle --no-daemon --console=plain installDist && ")
        assert draft.app.command.endswith("exec .build/shop/bin/shop")

    def test_packages_may_be_called_like_folders_of_examples(self) -> None:
        main = {"src/main/java/com/example/test/App.java": "class App { public static void main(String[] a) {} }"}
        draft = drafted(JavaRecipe(), {"pom.xml": POM.format("org.springframework.boot", ""), **main})
        assert draft.app.command.endswith("-jar .build/app.jar")

    def test_a_jar_that_names_no_class_is_started_by_its_class(self) -> None:
        code = "package com.example;\nclass App { public static void main(String[] a) { HttpServer.create(x, 0); } }"
        files = {"pom.xml": "<project></project>", "src/main/java/com/example/App.java": code}
        assert drafted(JavaRecipe(), files).app.command.endswith("java $JAVA_OPTS -cp '.build/app.jar' com.example.App")
        with_library = {**files, "pom.xml": "<project><dependency>x</dependency></project>"}
        draft = drafted(JavaRecipe(), with_library)
        assert draft.app.command.endswith("-cp '.build/app.jar:.build/lib/*' com.example.App")
        assert "dependency:copy-dependencies" in draft.build[0].command

    def test_a_kotlin_file_is_a_class(self) -> None:
        files = {"build.gradle.kts": "", "src/main/kotlin/server.kt": "package shop\nfun main() { embeddedServer(Netty) }"}
        assert drafted(JavaRecipe(), files).app.command.endswith("shop.ServerKt")

    def test_the_module_that_serves_is_built_from_the_root(self) -> None:
        files = {
            "settings.gradle": "rootProject.name = 'shop'\ninclude 'lib', 'app'\n",
            "lib/build.gradle": "",
            "app/build.gradle": "apply plugin: 'application'\n",
            "app/src/main/java/App.java": "class App { void main() { HttpServer.create(x, 0); } }",
        }
        draft = drafted(JavaRecipe(), files)
        assert draft.build[0].command.startswith("gradle --no-daemon --console=plain :app:installDist && ")
        assert "cp -R app/build/install/* .build/" in draft.build[0].command
        assert draft.app.command.endswith("exec .build/app/bin/app")

    def test_a_maven_module_is_built_with_those_it_depends_on(self) -> None:
        files = {
            "pom.xml": "<packaging>pom</packaging><modules><module>core</module><module>web</module></modules>",
            "core/pom.xml": "<project></project>",
            "web/pom.xml": POM.format("org.springframework.boot", ""),
            "web/src/main/java/App.java": "class App { public static void main(String[] a) {} }",
        }
        draft = drafted(JavaRecipe(), files)
        assert draft.build[0].command.startswith("mvn -B -q -DskipTests -pl web -am package && ")
        assert "web/target/*.jar" in draft.build[0].command

    def test_a_newer_java_is_needed(self) -> None:
        pom = POM.format("org.springframework.boot", "<properties><java.version>21</java.version></properties>")
        error = refused(JavaRecipe(), {"pom.xml": pom, **MAIN}, on=FULL)
        assert error.kind is Kind.RUNTIME_VERSION_UNAVAILABLE

    def test_what_is_missing_is_named_together(self) -> None:
        error = refused(JavaRecipe(), {"pom.xml": POM.format("io.javalin", ""), **MAIN}, on=host())
        assert "sudo apt install default-jdk maven" in suggested(error)[0]

    @pytest.mark.parametrize(
        ("files", "kind"),
        [
            ({"pom.xml": POM.format("junit", ""), **MAIN}, Kind.LIBRARY_NOTHING_TO_RUN),
            (
                {"pom.xml": POM.format("io.quarkus", "<packaging>pom</packaging><modules><module>web</module></modules>")},
                Kind.NO_RUNNABLE_AT_ROOT,
            ),
            ({"pom.xml": POM.format("org.eclipse.jetty", "<packaging>war</packaging>"), **MAIN}, Kind.NO_START_COMMAND),
        ],
    )
    async def test_no_program(self, files: dict[str, str], kind: Kind) -> None:
        assert await planned_kind(JavaRecipe(), files) is kind
