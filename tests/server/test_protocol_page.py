"""protocol.md says what the code does: generated blocks are current, examples are valid, nothing is missing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.server.record_examples import RECORDED

from auto_deployer.lsp import docs
from auto_deployer.lsp.catalog import ASK, COMMAND_OUTPUT, COMMANDS, EVENTS, OFFERS, OPEN_LOG
from auto_deployer.lsp.methods import all_methods
from auto_deployer.lsp.questions import AskParams
from auto_deployer.lsp.schema import protocol_schema
from auto_deployer.model import errors as err
from auto_deployer.model.events import EVENT_TYPES, from_object

PAGE = (Path(__file__).parents[2] / "protocol.md").read_text(encoding="utf-8")
EXAMPLES = {match["name"]: match[0] for match in RECORDED.finditer(PAGE)}


def messages(name: str) -> list[dict[str, Any]]:
    """The messages of a recorded example, in order."""
    body = EXAMPLES[name].partition("```\n")[2].rpartition("\n```")[0]
    return [json.loads(part) for part in re.split(r"^[→←] ", body, flags=re.MULTILINE) if part]


def test_generated_blocks_are_current():
    assert docs.rendered(PAGE) == PAGE, "run: python -m auto_deployer.lsp.docs protocol.md --write"


def test_a_stale_block_is_noticed():
    stale = PAGE.replace("interface StartParams {\n", "interface StartParams {\n  old: string\n")
    assert stale != PAGE
    assert docs.rendered(stale) == PAGE


def test_every_block_has_its_place():
    assert [name for name in docs.block_names() if f"<!-- generated: {name} -->" not in PAGE] == []
    with pytest.raises(KeyError):
        docs.rendered("<!-- generated: nothing -->\n<!-- end -->")


def test_everything_offered_is_on_the_page():
    names = [*(offer.method for offer in OFFERS), *EVENTS, COMMAND_OUTPUT, ASK]
    assert [name for name in names if f"### `{name}`" not in PAGE] == []
    assert [name for name in (*COMMANDS, OPEN_LOG) if f"`{name}`" not in PAGE] == []
    codes = {error.code for error in vars(err).values() if isinstance(error, type) and issubclass(error, err.AutoDeployerError)}
    assert [code for code in codes if f"| {code} |" not in PAGE] == []


def test_the_events_of_the_catalog_are_those_of_the_model():
    assert set(EVENTS) == {event.model_fields["method"].default for event in EVENT_TYPES}


@pytest.mark.parametrize("method", [offer.method for offer in OFFERS])
def test_examples_of_requests_fit_their_models(method: str):
    request, response = messages(method)
    chosen = all_methods()[method]
    assert request["method"] == method
    chosen.params.model_validate(request["params"])
    if chosen.result is None:
        assert response["result"] is None
    else:
        chosen.result.model_validate_json(json.dumps(response["result"]))


def test_examples_of_server_messages_fit_their_models():
    (ask,) = messages(ASK)
    AskParams.model_validate(ask["params"])
    for method in ("deploy/commandExecuted", "deploy/finished"):
        (notification,) = messages(method)
        assert from_object(notification).method == method


def test_the_schema_names_only_what_it_defines():
    schema = protocol_schema()
    refs = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
    assert refs <= set(schema["$defs"])
    assert set(schema["requests"]) == {offer.method for offer in OFFERS}
    finished = schema["$defs"]["Finished"]
    assert "method" not in finished["properties"]
    assert "reason" not in finished["required"]
    assert schema["$defs"]["OutputParams"]["properties"]["limit"]["minimum"] == 1
