"""What a plan needs to know of a compose file, and why some cannot be run."""

from __future__ import annotations

from pydantic import Field

from ...model.base import JsonObject, Model
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from .compose_file import Json, Service, boundaries_crossed, external_things

_WITHOUT = suggest("Or deploy without containers", "overrides.recipe", "traditional")


class ComposeFindings(Model):
    """What a plan needs to know."""

    file: str
    services: tuple[str, ...] = ()
    """Databases and the like."""
    document: JsonObject = Field(default_factory=dict)
    """What is to run, but for what names the release; empty when nothing can."""
    web: str = ""
    apps: tuple[str, ...] = ()
    """Services that are the app itself: they see its environment."""
    built: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    data_folders: tuple[str, ...] = ()
    """Folders of the deployed one that are mounted and that the repository does not have."""
    notes: tuple[str, ...] = ()
    leads: bool = False
    """It runs this repository's own code."""


def unfit(file: str, document: Json, services: tuple[Service, ...]) -> Reason | None:
    if crossed := boundaries_crossed(services):
        return Reason(
            kind=Kind.POLICY_DENIED,
            message=f"{file} lets containers out of their box ({'; '.join(crossed[:3])}); that is not started.",
            suggestions=(
                suggest("Take that out, or deploy by its Dockerfile alone", "overrides.recipe", "dockerfile"),
                _WITHOUT,
            ),
        )
    if external := external_things(document, services):
        return Reason(
            kind=Kind.REQUIRED_SERVICE_MISSING,
            message=f"{file} uses what something else is to have made: {', '.join(external)}.",
            suggestions=(suggest("Declare it without `external`."), _WITHOUT),
        )
    return None


def no_port(file: str, services: tuple[Service, ...]) -> Reason:
    names = ", ".join(each.name for each in services if each.is_app)
    return Reason(
        kind=Kind.NO_START_COMMAND,
        message=f"No service of {file} says on which port it listens (looked at `ports`, `expose` and the images of {names}).",
        suggestions=(suggest("Add `ports` to the service that people open."), _WITHOUT),
    )


def only_services(findings: ComposeFindings) -> Reason:
    return Reason(
        kind=Kind.NO_START_COMMAND,
        message=f"{findings.file} only has services ({', '.join(findings.services)}), not the app.",
        suggestions=(suggest("Leave the recipe out."),),
    )


def unreadable(file: str, why: str) -> Reason:
    return Reason(kind=Kind.MANIFEST_UNREADABLE, message=f"{file} cannot be read: {why}.", suggestions=(suggest(f"Mend {file}."),))
