"""Known secret values and the replacing of them, before anything reaches log, notification, output file, error or trace."""

from .models import mask_model
from .registry import SecretRegistry
from .stream import StreamMasker

__all__ = ["SecretRegistry", "StreamMasker", "mask_model"]
