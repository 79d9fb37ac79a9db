"""Known secret values and the replacing of them, before anything reaches log, notification, output file, error or trace."""

from .detect import is_secret_name, secrets_in
from .models import mask_model
from .registry import SecretRegistry
from .stream import StreamMasker

__all__ = ["SecretRegistry", "StreamMasker", "is_secret_name", "mask_model", "secrets_in"]
