"""The language model: any OpenAI-compatible endpoint, prompts, reply parsing, budget. openai is loaded by the first call."""

from .connect import ModelTest, connect, test_model
from .presets import PRESETS, Preset

__all__ = ["PRESETS", "ModelTest", "Preset", "connect", "test_model"]
