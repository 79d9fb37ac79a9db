"""What the user set, who said so, and the key of the model's provider. Nothing of it is ever read from a repository."""

from .credentials import FoundKey, check_secret_name, providers, resolve_key
from .effective import EffectiveSettings, SettingsSource, effective_settings
from .layers import user_file
from .load import LoadedSettings, load_settings, shown_values
from .system_keyring import SystemKeyring

__all__ = [
    "EffectiveSettings", "FoundKey", "LoadedSettings", "SettingsSource", "SystemKeyring", "check_secret_name", "effective_settings",
    "load_settings", "providers", "resolve_key", "shown_values", "user_file",
]  # fmt: skip
