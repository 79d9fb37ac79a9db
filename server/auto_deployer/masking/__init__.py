"""Known secret values and the replacing of them, before anything reaches log, notification, output file, error or trace."""

from .detect import given_secrets, is_plain, secrets_in
from .errors import masked_errors
from .models import mask_model
from .names import is_secret_name
from .registry import SecretRegistry
from .stream import StreamMasker

__all__ = [
    "SecretRegistry", "StreamMasker", "given_secrets", "is_plain", "is_secret_name", "mask_model", "masked_errors", "secrets_in",
]  # fmt: skip
