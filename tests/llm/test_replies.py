"""From text to a validated object. D16: a fence, a parse error or an array must be a reply to ask for again, never the end."""

from __future__ import annotations

import json

import pytest

from auto_deployer.llm.faults import InvalidReply
from auto_deployer.llm.replies import complaint_message, form_instruction, parse_reply
from tests.llm.conftest import Act

OBJECT = '{"action": "execute", "command": "echo \\"{}\\" ```"}'
TAGGED = '{"action": "execute", "command": "echo \\"{}\\" ```</think>"}'


@pytest.mark.parametrize(
    "text",
    [
        OBJECT,
        f"\n\n  {OBJECT}\n",
        f"```json\n{OBJECT}\n```",
        f"```\n{OBJECT}\n```",
        f"Here it is:\n```JSON\n{OBJECT}\n```\nGood luck!",
        f'<think>A set {{x}} or {{"y": 1}}?</think>\n{OBJECT}',
        f"Let me see … the template dropped the opening tag.</think>{OBJECT}",
        f"I fill {{placeholder}} and {{}}: {OBJECT}",
        f"{OBJECT}\n{OBJECT}",
        f"{OBJECT} and then we are done.",
        TAGGED,
        f"```json\n{TAGGED}\n```",
        f"<think>Hm.</think>{TAGGED}",
    ],
)
def test_d16_the_first_complete_object_is_taken_out_of_what_surrounds_it(text: str):
    assert parse_reply(text, Act).command == ('echo "{}" ```</think>' if TAGGED in text else 'echo "{}" ```')


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("I would run make.", "no JSON object"),
        ("[]", "no JSON object"),
        (f"[{OBJECT}]", "array"),
        (f"```json\n[\n  {OBJECT},\n  {OBJECT}\n]\n```", "array"),
        (f"[1, {OBJECT}]", "array"),
        ('{"action": "execute", "command": "rm -rf /srv/app/tm', "incomplete"),
        ('{"steps": [{"action": "execute", "command": "make"}, {"action": "exec', "incomplete"),
        ("{'action': 'execute'}", "no JSON object"),
        ('{"action": "execute", "command": "a" "b"}', "broken"),
        ('{"a":' * 100_000, "bounds"),
        ('{"action": ' + "9" * 10_000 + "}", "bounds"),
        (f"<think>{OBJECT}", "thoughts only"),
        ("{}", "action: Field required"),
        ('{"action": "run"}', "action: Input should be 'execute' or 'done'"),
        ('{"action": "execute", "command": 7}', "command: Input should be a valid string"),
        ('{"action": "execute", "command": "\\ud800"}', "Invalid JSON"),
    ],
)
def test_d16_what_is_no_valid_object_is_told_and_never_mended(text: str, complaint: str):
    with pytest.raises(InvalidReply) as refused:
        parse_reply(text, Act)
    assert complaint in refused.value.complaint
    assert refused.value.said == text
    assert complaint in complaint_message(refused.value)


def test_a_huge_command_is_not_repeated_in_the_complaint():
    with pytest.raises(InvalidReply) as refused:
        parse_reply(json.dumps({"action": "execute", "command": "x" * 1_000_000}), Act)
    assert "at most 2000 characters" in refused.value.complaint
    assert len(refused.value.complaint) < 300


@pytest.mark.parametrize("text", ["{" * 1_000_000, "<think>" * 200_000, "{ " * 500_000, "</think>{" * 200_000, "[{" * 500_000])
@pytest.mark.timeout(20)
def test_garbage_of_a_megabyte_is_refused_in_linear_time(text: str):
    with pytest.raises(InvalidReply):
        parse_reply(text, Act)


def test_d25_the_prompt_asks_for_json_alone_and_shows_a_schema_that_is_json():
    text = form_instruction(Act)
    schema = json.loads(text[text.index("{") :])
    assert schema["properties"]["action"]["enum"] == ["execute", "done"]
    assert "{{" not in text
    assert "no prose" in text
