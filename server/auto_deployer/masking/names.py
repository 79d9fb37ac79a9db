"""Which names of variables say that the value is a secret."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_PART = re.compile(
    r"passw(?:or)?d|passwort|passphrase|passcode|secret(?!ar)|token(?!i[sz])|credential|cookie(?!cutter)|jwt|bearer|mnemonic"
)
"""Parts of a word: SECRETKEY, AUTHTOKEN, HTPASSWD, PGPASSWORD; not SECRETARY, not TOKENIZERS."""
_SECRET_WORDS = frozenset({"pass", "pw", "dsn", "apikey", "authorization"})
_SECRET_LAST_WORDS = frozenset({"key", "auth", "pwd", "pat", "salt", "pin", "psk", "signature", "sig"})
"""Secret where they end a name of several words (STRIPE_KEY, MYSQL_PWD)."""
_SECRET_ENDING = re.compile(r".+(?:key|pass|pwd|auth|dsn)")
"""The same within one word: APIKEY, DBPASS, MYSQLPWD."""
_ORDINARY_ENDINGS = frozenset({
    "monkey", "turkey", "donkey", "hockey", "jockey", "whiskey", "smokey", "lackey", "mickey", "pokey", "hotkey", "pubkey",
    "publickey", "primarykey", "foreignkey", "sortkey", "bypass", "compass", "encompass", "overpass", "underpass", "surpass",
    "trespass", "askpass", "oldpwd", "oauth", "xauth",
})  # fmt: skip
_PLAIN_LAST_WORDS = frozenset({
    "file", "path", "dir", "sock", "name", "user", "username", "email", "domain", "host", "hosts", "port", "url", "uri",
    "endpoint", "region", "type", "mode", "method", "format", "algorithm", "strategy", "policy", "backend", "provider", "handler",
    "template", "class", "enabled", "required", "length", "size", "limit", "count", "level", "version", "header", "issuer",
    "audience", "ttl", "timeout", "expiry", "expires", "expiration", "lifetime", "interval", "days", "hours", "minutes",
    "seconds", "day", "hour", "minute", "second", "age", "public", "prefix", "suffix", "secure", "samesite", "httponly",
    "hashers", "validators", "scope", "scopes",
})  # fmt: skip
"""What ends a name like this is about a secret, and none: TOKEN_URL, PASSWORD_FILE."""
_WRAPPING = frozenset({
    "base", "b", "hex", "pem", "raw", "json", "encoded", "value", "v", "prod", "production", "dev", "development", "test",
    "testing", "stage", "staging", "live", "old", "new", "previous", "current", "next", "primary", "secondary", "backup", "default",
})  # fmt: skip
"""What only tells one of several, or how it is written, behind the word that counts: API_KEY_1, KEY_BASE64, DB_HOST_PROD."""
_QUANTITIES = frozenset({"max", "min", "num", "total", "per"})


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret (`DB_PASSWORD`, `STRIPE_API_KEY`, `AUTHTOKEN`)."""
    words = words_of(name)
    core = _core(words)
    if not words or "public" in words or {core[-1], words[-1]} & _PLAIN_LAST_WORDS:
        return False
    if "tokens" in words and not _QUANTITIES.isdisjoint(words):  # a language model's: MAX_TOKENS
        return False
    last = core[-1].removesuffix("s") if core[-1].endswith("keys") else core[-1]
    return (
        any(_SECRET_PART.search(word) for word in words)
        or not _SECRET_WORDS.isdisjoint(words)
        or (len(core) > 1 and last in _SECRET_LAST_WORDS)
        or (_SECRET_ENDING.fullmatch(last) is not None and last not in _ORDINARY_ENDINGS)
    )


def says_plain(name: str) -> bool:
    """Whether a variable of this name holds an ordinary setting (`SMTP_HOST`, `DB_USER`, `AWS_REGION`)."""
    words = words_of(name)
    return bool(words) and _core(words)[-1] in _PLAIN_LAST_WORDS | _PLAIN_NAMES and not is_secret_name(name)


_PLAIN_NAMES = frozenset({
    "db", "database", "schema", "env", "environment", "lang", "language", "locale", "tz", "timezone", "zone", "module", "app",
    "title", "bucket", "queue", "origin", "origins", "theme", "sender", "from", "flags", "extensions", "ref", "branch",
})  # fmt: skip


def words_of(name: str) -> list[str]:
    """The words of a name, in lower case, whatever parts them: `DB_PASSWORD`, `db.password`, `dbPassword`."""
    return [word.lower() for word in _WORD.findall(name)]


def _core(words: list[str]) -> list[str]:
    """The words up to the last that says what it is; all of them where none does."""
    end = len(words)
    while end > 1 and (words[end - 1] in _WRAPPING or words[end - 1].isdigit()):
        end -= 1
    return words[:end]
