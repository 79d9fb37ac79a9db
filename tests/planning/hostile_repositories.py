"""Repositories with a name of one's choice in each place that a recipe reads."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass

Files = dict[str, str]


@dataclass(frozen=True)
class Place:
    """A repository that has a given name in one place."""

    what: str
    files: Callable[[str], Files]
    reaches: bool = True
    """A plain name of that place is in what runs."""
    whole: bool = True
    """The recipe reads any name as a whole; else a pattern decides how much of it is one."""
    subdir: str = ""
    """What of it is deployed."""
    options: bool = True
    """A name with a dash in front must not become an option; False where the author's own command has it as one."""


_FLASK = "from flask import Flask\napp = Flask(__name__)\n"
_MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")\n'
_LISTENS = "require('http').createServer(() => 0).listen(process.env.PORT)\n"
_GO = 'package main\nimport "net/http"\nfunc main() { http.ListenAndServe(":" + os.Getenv("PORT"), nil) }\n'
_JAVA_MAIN = "class App { public static void main(String[] a) { HttpServer.create(x, 0); } }"
_RUST = "fn main() { TcpListener::bind(x) }"
_COMPOSE_WEB = {"build": ".", "ports": ["8080:80"]}


def _package(**more: object) -> str:
    return json.dumps({"name": "shop", **more})


def _django(name: str) -> Files:
    folder = f"{name}/site_"
    settings = f"WSGI_APPLICATION = {'site_.wsgi.application'!r}\nSTATIC_ROOT = 'static'\nSECRET_KEY = 'x'\n"
    return {
        "requirements.txt": "django\ngunicorn\n", f"{name}/manage.py": _MANAGE, f"{folder}/settings.py": settings,
        f"{folder}/__init__.py": "", f"{folder}/wsgi.py": "application = 1\n",
    }  # fmt: skip


def _django_setting(name: str) -> Files:
    settings = f"WSGI_APPLICATION = {f'{name}.application'!r}\n"
    return {
        "requirements.txt": "django\ngunicorn\n", "manage.py": _MANAGE, "site_/settings.py": settings, "site_/__init__.py": "",
    }  # fmt: skip


def _tables(name: str) -> Files:
    code = "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\napp = Flask(__name__)\ndb = SQLAlchemy(app)\n"
    return {"requirements.txt": "flask\nflask-sqlalchemy\n", f"{name}.py": code}


def _poetry(name: str, version: str) -> Files:
    manifest = '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\npython = "^3.9"\nflask = "*"\n'
    lock = f"[[package]]\nname = {json.dumps(name)}\nversion = {json.dumps(version)}\n"
    return {"pyproject.toml": manifest, "poetry.lock": lock, "app.py": _FLASK}


def _project(**table: object) -> Files:
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
    return {"pyproject.toml": f'[project]\nname = "shop"\n{lines}', "app.py": _FLASK}


def _console(name: str) -> Files:
    code = f"{_FLASK}def main():\n    app.run()\n"
    manifest = (
        '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "shop"\ndependencies = ["flask"]\n'
        f'[project.scripts]\n{json.dumps(name)} = "shop.tool:main"\n'
    )
    return {"pyproject.toml": manifest, "shop/__init__.py": "", "shop/tool.py": code}


def _table_command(name: str) -> Files:
    code = f"{_FLASK}@app.cli.command({name!r})\ndef init():\n    pass\n"
    return {"requirements.txt": "flask\n", "app.py": code, "README.md": f"flask {name}"}


def _angular(name: str, **options: object) -> Files:
    target = {"builder": "@angular/build:application", "options": {"outputPath": name, **options}}
    workspace = {"projects": {"shop": {"projectType": "application", "architect": {"build": target}}}}
    manifest = _package(scripts={"build": "ng build"}, dependencies={"@angular/core": "19", "@angular/cli": "19"})
    return {"package.json": manifest, "angular.json": json.dumps(workspace)}


def _config(name: str, file: str, text: str, build: str, **dependencies: str) -> Files:
    """A framework's settings in JavaScript, which has the name as a text."""
    manifest = _package(scripts={"build": build}, dependencies=dependencies)
    return {"package.json": manifest, file: f"export default {{ {text.replace('NAME', json.dumps(name))} }}\n", "index.html": ""}


def _nx(folder: str, **target: object) -> Files:
    top = {"package.json": _package(dependencies={"nx": "20", "next": "15"}), "nx.json": "{}", "package-lock.json": "{}"}
    project = {"name": "web", "projectType": "application", "targets": {"build": target}}
    return {**top, f"{folder}/project.json": json.dumps(project)}


def _member(name: str, *, folder: str = "", manager: str = "npm@10.0.0", **top: Files | str) -> Files:
    """A member of a workspace that needs another one of it."""
    place = folder or "web"
    return {
        "package.json": json.dumps(
            {"name": "top", "workspaces": ["*"], "packageManager": manager, "devDependencies": dict.fromkeys(top, "2")}),
        **{f"{key}.json": "{}" for key in top},
        f"{place}/package.json": json.dumps({"name": name, "main": "server.js", "scripts": {"build": "tsc"},
                                             "dependencies": {"express": "4"}}),
        f"{place}/server.js": _LISTENS,
    }  # fmt: skip


def _rust(package: str = "shop", files: Files | None = None, more: str = "") -> Files:
    manifest = f'[package]\nname = {json.dumps(package)}\n[dependencies]\naxum = "0.7"\n{more}'
    return {"Cargo.toml": manifest, **(files if files is not None else {"src/main.rs": _RUST})}


def _rust_member(name: str) -> Files:
    member = _rust(name)
    return {"Cargo.toml": '[workspace]\nmembers = ["web"]\n', **{f"web/{path}": text for path, text in member.items()}}


def _pom(module: str) -> Files:
    return {
        "pom.xml": f"<project><packaging>pom</packaging><modules><module>{module}</module></modules></project>",
        f"{module}/pom.xml": "<project>spring-boot-maven-plugin</project>", f"{module}/src/main/java/App.java": _JAVA_MAIN,
    }  # fmt: skip


def _gradle(module: str, build: str) -> Files:
    return {
        "settings.gradle": f"include '{module}'\n", f"{module}/build.gradle": build,
        f"{module}/src/main/java/App.java": _JAVA_MAIN,
    }  # fmt: skip


def _compose(name: str, *, service: str = "web", **more: object) -> Files:
    services = {service: {**_COMPOSE_WEB, **more}, "db": {"image": "postgres:16"}}
    return {"compose.yaml": json.dumps({"services": services, "volumes": {name: None}}), "Dockerfile": "FROM nginx\n"}


PLACES: dict[str, tuple[Place, ...]] = {
    "python": (
        Place("a file with an app", lambda name: {"requirements.txt": "flask\ngunicorn\n", f"{name}.py": _FLASK}),
        Place("a folder with an app", lambda name: {"requirements.txt": "flask\n", f"{name}/app.py": f"{_FLASK}app.run()\nx()\n"}),
        Place("a file with an ASGI app", lambda name: {
            "requirements.txt": "fastapi\n", f"{name}.py": "from fastapi import FastAPI\napp = FastAPI()\n"}),
        Place("a page", lambda name: {"requirements.txt": "streamlit\n", f"{name}.py": "import streamlit as st\nst.title('x')\n"}),
        Place("a file that names tables", _tables),
        Place("the folder of manage.py", _django),
        Place("WSGI_APPLICATION", _django_setting),
        Place("a console script", _console, reaches=False),
        Place("the version in poetry.lock", lambda name: _poetry("flask", name), reaches=False),
        Place("the package in poetry.lock", lambda name: _poetry(name, "1"), reaches=False),
        Place("a dependency", lambda name: _project(dependencies=["flask", name])),
        Place("a command that makes tables", _table_command, reaches=False),
        Place("an imported module", lambda name: {"requirements.txt": "streamlit\n", "app.py": (
            f"import streamlit as st, {name if name.isidentifier() else 'other'}\nst.title('x')\n")}),
    ),
    "node": (
        Place("main", lambda name: {"package.json": _package(main=f"{name}.js"), f"{name}.js": _LISTENS}),
        Place("a TypeScript main", lambda name: {"package.json": _package(main=f"{name}.ts"), f"{name}.ts": _LISTENS}),
        Place("the file that nodemon runs", lambda name: {
            "package.json": _package(scripts={"start": f"nodemon {shlex.quote(f'{name}.js')}"}), f"{name}.js": _LISTENS},
            whole=False),
        Place("an option of nodemon", lambda name: {
            "package.json": _package(scripts={"start": f"nodemon -r {shlex.quote(name)} app.js"}),
            "app.js": _LISTENS}, options=False),
        Place("a file of variables", lambda name: {"package.json": _package(scripts={
            "start": f"node --env-file={shlex.quote(name)} app.js"}), "app.js": _LISTENS}, whole=False),
        Place("the page that a script serves", lambda name: {"package.json": _package(scripts={
            "build": "make", "start": f"serve {shlex.quote(name)}"})}),
        Place("Vite's outDir", lambda name: _config(
            name, "vite.config.js", "build: { outDir: NAME }", "vite build", vite="5"), whole=False),
        Place("React Router's buildDirectory", lambda name: _config(
            name, "react-router.config.ts", "buildDirectory: NAME", "react-router build",
            **{"@react-router/dev": "7", "@react-router/serve": "7"}), whole=False),
        Place("SvelteKit's out", lambda name: _config(
            name, "svelte.config.js", "kit: adapter({ out: NAME }), from: 'adapter-node'", "vite build",
            **{"@sveltejs/kit": "2"}), whole=False),
        Place("Astro's outDir", lambda name: _config(
            name, "astro.config.mjs", "outDir: NAME, adapter: node({ mode: 'standalone' }), from: '@astrojs/node'",
            "astro build", astro="5"), whole=False),
        Place("Angular's outputPath", _angular),
        Place("Angular's server", lambda name: _angular(name, ssr=True)),
        Place("Nx' outputPath", lambda name: _nx("web", executor="@nx/js:tsc", options={"outputPath": name}), subdir="web"),
        Place("Nx' outputFileName", lambda name: _nx(
            "web", executor="@nx/esbuild:esbuild", options={"outputFileName": f"{name}.js"}), subdir="web"),
        Place("Nx' site", lambda name: _nx("web", executor="@nx/vite:build", options={"outputPath": name}), subdir="web"),
        Place("Nx' Next", lambda name: _nx("web", executor="@nx/next:build", options={"outputPath": name}), subdir="web"),
        Place("Nx' declared output", lambda name: {
            **_nx("web", outputs=[f"{{workspaceRoot}}/{name}"]),
            "web/webpack.config.js": "module.exports = { target: 'node' }"}, subdir="web"),
        Place("Nx' name", lambda name: {**_nx("web", executor="@nx/js:tsc"), "web/project.json": json.dumps(
            {"name": name, "targets": {"build": {"executor": "@nx/js:tsc"}}})}, subdir="web"),
        Place("the name of a member for Turborepo", lambda name: _member(name, turbo=""), subdir="web"),
        Place("the name of a member for Nx", lambda name: _member(name, nx=""), subdir="web"),
        Place("packageManager", lambda name: {"package.json": _package(main="app.js", packageManager=f"pnpm@9.1.0+{name}",
                                              dependencies={"koa": "2"}), "app.js": _LISTENS}, reaches=False),
        Place("yarnPath", lambda name: {
            "package.json": _package(main="app.js", packageManager="yarn@4.1.0", dependencies={"koa": "2"}), "app.js": _LISTENS,
            ".yarnrc.yml": f"yarnPath: {name}\n", name: "x"}, whole=False),
    ),
    "php": (
        Place("the package", lambda name: {"composer.json": json.dumps({"name": name, "require": {f"{name}/x": "1"}}),
                                           "index.php": "<?php"}, reaches=False),
    ),
    "ruby": (
        Place("a gem", lambda name: {"Gemfile": f"gem '{name}'\ngem 'sinatra'\n", "config.ru": "run App"}, reaches=False),
    ),
    "go": (
        Place("the module", lambda name: {"go.mod": f"module example.com/{name}\n", "main.go": _GO}, whole=False),
        Place("the folder of a command", lambda name: {"go.mod": "module example.com/shop\n", f"cmd/{name}/main.go": _GO}),
        Place("a folder at the top", lambda name: {"go.mod": "module example.com/shop\n", f"{name}/main.go": _GO}),
    ),
    "rust": (
        Place("the package", _rust),
        Place("a program in src/bin", lambda name: _rust(files={f"src/bin/{name}.rs": _RUST})),
        Place("a declared program", lambda name: _rust(
            more=f'[[bin]]\nname = {json.dumps(name)}\npath = "src/main.rs"\n'), reaches=False),
        Place("a member of the workspace", _rust_member),
    ),
    "java": (
        Place("Maven's module", _pom, whole=False),
        Place("the file of the main class", lambda name: {
            "pom.xml": "<project></project>", f"src/main/java/{name}.java": _JAVA_MAIN}),
        Place("Gradle's module", lambda name: _gradle(name, "id 'org.springframework.boot'"), whole=False),
        Place("Gradle's application", lambda name: _gradle(name, "id 'application'\nid 'io.ktor.plugin'"), whole=False),
        Place("the folder of Gradle's application", lambda _: {
            "build.gradle": "id 'application'\nimplementation 'io.javalin:javalin:6'", "src/main/java/App.java": _JAVA_MAIN},
            reaches=False),
    ),
    "deno": (
        Place("the file of the start task", lambda name: {
            "deno.json": json.dumps({"imports": {"x": "jsr:x"}, "tasks": {"start": f"deno run -A {name}.ts"}}),
            f"{name}.ts": "Deno.serve(() => 0)"}, whole=False),
    ),
    "mkdocs": (
        Place("site_dir", lambda name: {"mkdocs.yml": f"site_name: x\nsite_dir: {name}\n"}, whole=False),
        Place("a documentation group", lambda name: {
            "mkdocs.yml": "site_name: x\n", "pyproject.toml": f"[dependency-groups]\ndocs = {json.dumps(['mkdocs', name])}\n"}),
    ),
    "sphinx": (
        Place("the folder of conf.py", lambda name: {
            ".readthedocs.yaml": f"sphinx:\n  configuration: {name}/conf.py\n", f"{name}/conf.py": "project = 'x'\n",
            "docs/conf.py": "project = 'x'\n"}, whole=False),
        Place("an extension", lambda name: {"docs/conf.py": f"extensions = [{f'sphinxcontrib.{name}'!r}]\n"}),
    ),
    "hugo": (
        Place("publishDir", lambda name: {
            "hugo.toml": f"baseURL = 'x'\npublishDir = {json.dumps(name)}\n", "content/x.md": ""}, whole=False),
    ),
    "jekyll": (
        Place("destination", lambda name: {"_config.yml": f"theme: x\ndestination: {json.dumps(name)}\n"}, whole=False),
    ),
    "static": (
        Place("the root of the Staticfile", lambda name: {"Staticfile": f"root: {name}\n", f"{name}/index.html": "x"}, whole=False),
    ),
    "procfile": (
        Place("another process", lambda name: {
            "Procfile": f"web: node app.js\n{name}: sleep 1\n", "package.json": _package(main="app.js"),
            "app.js": _LISTENS}, reaches=False),
        Place("a name of the ecosystem below", lambda name: {
            **_project(dependencies=["flask", name]), "Procfile": "web: flask run\n"}),
    ),
    "compose": (
        Place("an image", lambda name: {"compose.yaml": json.dumps({"services": {
            "web": _COMPOSE_WEB, "other": {"image": name}}}), "Dockerfile": "FROM nginx\n"}),
        Place("a service", lambda name: _compose("data", service=name), reaches=True),
        Place("a volume", _compose, reaches=False),
        Place("a variable's value", lambda name: _compose("data", environment={"A": name}), reaches=False),
    ),
    "dockerfile": (
        Place("a volume", lambda name: {"Dockerfile": f"FROM nginx\nVOLUME {json.dumps([f'/data/{name}'])}\n"}, whole=False),
        Place("the base image", lambda name: {"Dockerfile": f"FROM {name}\nEXPOSE 80\nCMD run\n"}, reaches=False),
        Place("an argument", lambda name: {"Dockerfile": f"ARG {shlex.quote(name)}\nFROM nginx\n"}, reaches=False),
        Place("the command", lambda name: {"Dockerfile": f"FROM nginx\nCMD {json.dumps([name])}\n"}, reaches=False),
    ),
}  # fmt: skip
"""By recipe."""
