"""`plan` and `analyze`: look before deploying. Nothing is installed, nothing from the repository runs, no log is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from . import backend
from .options import Output, log_dir_of, takes
from .settings_options import SettingsOptions
from .source import PlanOptions, SourceOptions

if TYPE_CHECKING:
    from rich.text import Text

    from ..model.facts import Detection, HostFacts, RepoFacts
    from ..model.requests import AnalyzeResult, PlanResult, SourceParams

commands = typer.Typer()


@commands.command()
@takes(PlanOptions, SettingsOptions)
def plan(source: PlanOptions, settings: SettingsOptions, *, output: Output = "text") -> None:
    """Show the plan that `deploy` with the same options would run. Exit code 3: it cannot be planned."""
    result = backend.run(_plan(_params(source), settings))
    if output == "json":
        typer.echo(result.model_dump_json(by_alias=True))
        return
    from ..deploy_log.words import spent
    from .console import print_lines, stdout_console
    from .parts import plan_details
    from .text import one_line, symbols_for

    console = stdout_console()
    print_lines(console, _repo_lines(result.repo))
    print_lines(console, plan_details(result.plan, symbols_for(console.encoding)))
    print_lines(console, map(one_line, filter(None, [spent(result.llm_calls)])))


@commands.command()
@takes(SourceOptions)
def analyze(source: SourceOptions, *, output: Output = "text") -> None:
    """Show what the repository and this machine were found to be, with the evidence."""
    result = backend.run(_analyze(_params(source)))
    if output == "json":
        typer.echo(result.model_dump_json(by_alias=True))
        return
    from .console import print_lines, stdout_console

    console = stdout_console()
    print_lines(console, _repo_lines(result.repo))
    print_lines(console, _evidence_lines(result.repo))
    print_lines(console, _host_lines(result.host))


def _params(source: SourceOptions) -> SourceParams:
    from ..model.requests import SourceParams

    return SourceParams(**source.values())


async def _plan(params: SourceParams, settings: SettingsOptions) -> PlanResult:
    return await backend.open_runner(log_dir_of(None), settings.source()).plan(params)


async def _analyze(params: SourceParams) -> AnalyzeResult:
    return await backend.open_runner(log_dir_of(None), SettingsOptions().source()).analyze(params)


def _repo_lines(repo: RepoFacts) -> Iterator[Text]:
    from rich.text import Text

    from .text import clean, one_line

    source = repo.source
    where = f", folder {source.subdir}" if source.subdir else ""
    snapshot = "its working tree" if source.kind == "working_tree" else f"commit {source.commit[:10]}"
    yield Text(f"{one_line(source.repo)}{where}, {snapshot}: {repo.file_count} files", "bold")
    yield Text(f"Type: {repo.project_type}" + (f" ({one_line(repo.framework)})" if repo.framework else ""))
    for candidate in repo.candidates:
        yield Text(f"Deployable folder: {one_line(candidate.path)} ({candidate.kind}); take it with --subdir")
    for note in repo.notes:
        yield Text(f"Note: {clean(note)}", "yellow")


def _evidence_lines(repo: RepoFacts) -> Iterator[Text]:
    from rich.text import Text

    from .text import one_line

    for rank, detection in enumerate(repo.detections, 1):
        yield Text(f"{rank}. {_verdict(detection)}", "bold" if rank == 1 else "")
        for seen in detection.evidence:
            yield Text(f"     {seen.weight:+g}  {one_line(seen.file) or '(the tree)'}: {one_line(seen.saw)}", "dim")
    if repo.ecosystems:
        yield Text(f"Seen without a recipe: {', '.join(repo.ecosystems)}")
    if repo.declared_env:
        yield Text(f"Variables it names: {one_line(', '.join(repo.declared_env))}")


def _verdict(detection: Detection) -> str:
    framework = f" ({detection.framework})" if detection.framework else ""
    refusal = f": cannot be planned: {detection.refusal.kind}" if detection.refusal else ""
    return f"{detection.recipe}{framework}, score {detection.score:g}{refusal}"


def _host_lines(host: HostFacts) -> Iterator[Text]:
    from rich.text import Text

    from .parts import machine_line

    versions: dict[str, list[str]] = {}
    for tool in host.tools:
        versions.setdefault(tool.name, []).append(tool.version)
    yield Text(machine_line(host), "bold")
    yield Text("Tools: " + "; ".join(f"{name} {', '.join(filter(None, found))}".rstrip() for name, found in versions.items()))
