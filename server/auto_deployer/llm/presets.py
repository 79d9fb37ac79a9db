"""What is known of each provider, as data. A new one is one entry here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ReplyFormat = Literal["json_schema", "json_object", "text"]
"""How the reply's form is asked for, strictest first: the rungs of the ladder."""

LADDER: tuple[ReplyFormat, ...] = ("json_schema", "json_object", "text")


@dataclass(frozen=True)
class Preset:
    """A provider with an OpenAI-compatible chat endpoint."""

    name: str
    label: str
    """For pickers."""
    base_url: str | None
    """None: the user must say (`llm.endpoint`)."""
    context_window: int
    """Tokens, on the safe side: that of the provider's small current models, unless `llm.context_window` says better."""
    key_variables: tuple[str, ...] = ()
    """Environment variables in which the provider's own tools look for a key, first one first."""
    needs_key: bool = True
    first_format: ReplyFormat = "json_schema"
    sample_model: str | None = None
    """A name that the provider keeps pointing at a current model; None where names come and go, or depend on what is installed."""
    hint: str = ""
    """What a user should know before the first call."""

    @property
    def local(self) -> bool:
        """It runs on this machine: its calls cost no money."""
        return self.base_url is not None and self.base_url.startswith("http://127.0.0.1:")


_ALL = (
    Preset("openai", "OpenAI", "https://api.openai.com/v1", 128_000, ("OPENAI_API_KEY",)),
    Preset(
        "openrouter", "OpenRouter (many providers)", "https://openrouter.ai/api/v1", 64_000, ("OPENROUTER_API_KEY",),
        sample_model="openrouter/auto", hint="Not every model behind it keeps to a schema; replies are checked here in any case.",
    ),
    # its documentation offers JSON mode only
    Preset(
        "deepseek", "DeepSeek", "https://api.deepseek.com", 64_000, ("DEEPSEEK_API_KEY",), first_format="json_object",
        sample_model="deepseek-chat",
    ),
    Preset(
        "gemini", "Google Gemini", "https://generativelanguage.googleapis.com/v1beta/openai/", 1_000_000,
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"), sample_model="gemini-flash-latest",
    ),
    # its compatibility layer lists response_format as ignored
    Preset(
        "anthropic", "Anthropic Claude", "https://api.anthropic.com/v1/", 200_000, ("ANTHROPIC_API_KEY",), first_format="text",
        hint="Through its compatibility layer for OpenAI clients.",
    ),
    # https://docs.ollama.com/context-length: 4k where the GPU has less than 24 GiB; longer prompts are cut without an error
    Preset(
        "ollama", "Ollama (this machine)", "http://127.0.0.1:11434/v1", 4_096, ("OLLAMA_API_KEY",), needs_key=False,
        hint="Start it with OLLAMA_CONTEXT_LENGTH=32768 or more, and set llm.context_window to the same number.",
    ),
    Preset(
        "lmstudio", "LM Studio (this machine)", "http://127.0.0.1:1234/v1", 4_096, needs_key=False,
        hint="Load the model with a long context, and set llm.context_window to the same number.",
    ),
    Preset("vllm", "vLLM (this machine)", "http://127.0.0.1:8000/v1", 32_768, ("VLLM_API_KEY",), needs_key=False),
    Preset(
        "custom", "Another OpenAI-compatible server", None, 32_768, needs_key=False,
        hint="Set llm.endpoint to its base URL; most end in /v1.",
    ),
)  # fmt: skip

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}
"""By name (`llm.provider`)."""
