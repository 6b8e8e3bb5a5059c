"""Tells real secrets from placeholders by their looks. Nothing here keeps or returns a value."""

import json
import math
import re
from collections import Counter
from urllib.parse import unquote

_WHOLE = re.compile(
    r"(?:<[^<>]*>|\[[\w .-]*\]|\{\{?[\w .-]*\}\}?|%[\w.-]+%|__.+__|\$\{\w+\}"
    r"|[x*.?#_-]{3,}|x{2,}|\?+|todo.*|tbd|fixme.*|n/?a|none|null|nil|undefined|foo|bar|foobar)\Z",
    re.IGNORECASE | re.DOTALL,
)
_PART = re.compile(
    r"(?:\A|[^a-z])your?[^a-z]|(?:\A|[^a-z])your[a-z]|change[^a-z]?(?:me|this|it)|changed?[^a-z]in"
    r"|replace[^a-z]?(?:me|this|with)|(?:\A|[ _<-])(?:insert|enter|paste|put|set|fill|add)[ _-]"
    r".*(?:here|key|token|secret|password|value)"
    r"|[^a-z]here\Z|(?:\A|[^a-z])(?:placeholder|redacted|dummy)(?:\Z|[^a-z])|x{4,}|\*{4,}"
    r"|\.\.\.\Z",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\$[A-Z_][A-Z0-9_]*\Z")
_LONGEST = 400
"""Characters of a placeholder, at most."""


def is_placeholder(value: str) -> bool:
    """Whether a value is to be replaced: `changeme`, `your-key-here`, `<token>`, `xxx`."""
    value = value.strip()
    if not value or len(value) > _LONGEST:
        return False
    if _VARIABLE.match(value):
        return True
    if _list_brackets(value):  # JSON, whose words say nothing of the whole
        return False
    return _WHOLE.match(value) is not None or _PART.search(value) is not None


def _list_brackets(value: str) -> list[str]:
    """Return the strings in a list or object of JSON; none of anything else."""
    if value[:1] not in ("[", "{"):
        return []
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        return []
    found: list[str] = []
    todo = [told]
    while todo and len(found) < _MOST:
        one = todo.pop()
        if isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, list):
            todo += one
        elif isinstance(one, str):
            found.append(one)
    return found


_MOST = 1_000
"""So many strings of one value are looked at."""


_TOKENS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,}"
    r"|sk-[A-Za-z0-9_-]{20,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{20,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{20,}"  # Slack
    r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"  # Google
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{30,}"
    r"|pypi-[A-Za-z0-9_-]{30,}|dop_v1_[a-f0-9]{40,}|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{30,}"
    r"|(?<![_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"  # JSON Web Tokens
    r"|AGE-SECRET-KEY-[A-Z0-9]{40,}"
    r"|\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"  # Telegram
    r"|(?:Account|SharedAccess)Key=[A-Za-z0-9+/]{40,}={0,2}"  # Azure
    r")"
)
"""Tokens by the prefix and the length that their services give them."""
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----\s*[A-Za-z0-9+/\\]{16}")
_WEBHOOK = re.compile(
    r"hooks\.slack\.com/services/\w+/\w+/\w{16,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{30,}"
)
_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z0-9+.-]+://([^\s/@:]*):([^\s/]+)@([^\s/:?#\"']*)")
"""A scheme begins only at the start of a word: a megabyte without one took minutes."""
_HARMLESS = re.compile(
    r"example|sample|dummy|fake|secret|passw|pass(?:\Z|\d|[^a-z])|insecure|local|develop|testing"
    r"|(?:\A|[^a-z])(?:test|dev|demo|admin|root|user|guest|default|postgres|mysql|redis|minio|rabbit"
    r"|foo|bar|my|none|null|django|flask)(?:\Z|[^a-z])|123456|abcdef|00000|qwerty|hunter2"
)
"""Words that random texts do not have, in lower case and with `@`, `0`, `3`, `5` as letters."""
_SECRET_NAME = re.compile(
    r"secret|token|passw|passphrase|(?:\A|_)pwd(?:\Z|_)|(?:\A|_)pass(?:\Z|_)|api_?key|(?:\A|_)key\Z"
    r"|private|credential|(?:\A|_)auth(?:\Z|_)|salt|signing|encryption|webhook"
)
_PUBLIC_NAME = re.compile(
    r"public|publishable|_(?:file|path|dir|url|uri|host|port|id|name|user|username|email|ttl"
    r"|timeout|expiry|algorithm|expire|minutes|seconds|days|hours|header|prefix)\Z"
)
_LEET = str.maketrans("@03$5!", "aoessi")
_RANDOM = re.compile(r"[A-Za-z0-9+/=_.~!@#$%^&*()-]{16,}\Z")
_RUN = re.compile(r"[A-Za-z0-9+/]{20,}")
_HEX = re.compile(r"[0-9a-fA-F-]{16,}\Z")
_LOCAL = re.compile(
    r"(?:.*\.)?(?:localhost|local|test|invalid|example(?:\.(?:com|org|net))?|internal)\Z"
    r"|127\.|0\.0\.0\.0|\[|[^.]*\Z"
)
_NAME_LENGTH = 20


def looks_secret(name: str, value: str) -> bool:
    """Whether a value looks like a real secret, given the name of its key.

    The marks of known services' tokens, a private key, a URL with a password that is no default,
    and what looks random under a name like `API_KEY`. Placeholders and everybody's defaults
    (`postgres:postgres@localhost`) are none.
    """
    value = value.strip()
    if _PRIVATE_KEY.search(value):
        return True
    if has_token(value):
        return True
    if is_placeholder(value) or is_sealed(value):
        return False
    inner = _list_brackets(value)
    if inner:
        return any(looks_secret(name, one) for one in inner if not _list_brackets(one))
    url = _URL.search(value)
    if url:
        return _is_real_password(url[1], unquote(url[2]), url[3].lower())
    lowered = name.lower().replace("-", "_")
    if not _SECRET_NAME.search(lowered) or _PUBLIC_NAME.search(lowered) or "://" in value:
        return False
    return _is_random(value) or ("pass" in lowered and _is_strong(value))


def has_token(text: str) -> bool:
    """Whether a text has a token of a known service, or a webhook, in it."""
    found = any(
        _is_varied(match[0]) and not _PART.search(match[0]) for match in _TOKENS.finditer(text)
    )
    return found or _WEBHOOK.search(text) is not None


_ENCRYPTED = re.compile(r"encrypted:[A-Za-z0-9+/=]{16,}\Z|ENC\[[A-Z0-9_]+,data:.*\]\Z", re.DOTALL)
"""As dotenvx and sops write them."""
_REFERENCE = re.compile(
    r"(?:op|vault|ref\+\w+|bws?|doppler|infisical|keyring|ssm|secretsmanager|awssm|aws-[a-z]+"
    r"|gcp-?[a-z]+|sm|akv|azurekv|keyvault|secret|secrets|file)://\S+\Z"
    r"|(?:vault|ssm|sm|secretsmanager):[^\s:@]+\Z|arn:aws[\w-]*:(?:secretsmanager|ssm):\S+\Z"
    r"|projects/[^/\s]+/secrets/\S+\Z|\$\{[^}]*\}\Z|\$\([^)]*\)\Z|@Microsoft\.KeyVault\(.*\)\Z",
    re.IGNORECASE,
)
"""A place where a program finds the value: 1Password's, Vault's, those of the clouds."""


def is_sealed(value: str) -> bool:
    """Whether a value is encrypted, or says where the secret is kept."""
    value = value.strip()
    return bool(_ENCRYPTED.match(value) or _REFERENCE.match(value))


def may_be_secret(name: str, value: str) -> bool:
    """Whether a value may be a secret by its looks or by the name of its key, so that nobody can
    say of it that it is none."""
    value = value.strip()
    if not value or is_sealed(value):
        return False
    if looks_secret(name, value):
        return True
    harmless = is_placeholder(value) or _is_harmless(value) or len(value) < _SHORT
    return has_secret_name(name) and not harmless and not _PLAIN_VALUE.match(value)


_SHORT = 6
"""Characters of a password, at least."""
_PLAIN_VALUE = re.compile(r"(?:true|false|yes|no|on|off|\d{1,12}|[a-z]+)\Z", re.IGNORECASE)


def has_secret_name(name: str) -> bool:
    """Whether a key has the name of a secret: `API_KEY`, `DB_PASSWORD`."""
    lowered = name.lower().replace("-", "_")
    return bool(_SECRET_NAME.search(lowered)) and not _PUBLIC_NAME.search(lowered)


def is_secret_text(text: str) -> bool:
    """Whether a text in the place of a name is a secret or a piece of one: a line of a private key
    without quotes, a bare token."""
    if len(text) < _NAME_LENGTH:
        return text.startswith("-----")
    if text.startswith("-----") or _TOKENS.search(text):
        return True
    if _URL.search(text):
        return True
    return any(
        any(map(str.islower, run)) and any(map(str.isupper, run)) and _entropy(run) > 3.5
        for run in _RUN.findall(text)
        if any(map(str.isdigit, run))
    )


def _is_real_password(user: str, password: str, host: str) -> bool:
    if not password or password == user or is_placeholder(password) or _is_harmless(password):
        return False
    return _is_random(password) or (len(password) >= 6 and not _LOCAL.match(host))


def _is_harmless(value: str) -> bool:
    return _HARMLESS.search(value.lower()) is not None or (
        _HARMLESS.search(value.lower().translate(_LEET)) is not None
    )


def _is_varied(token: str) -> bool:
    """Whether a token is random, unlike `sk-xxxxxxxx` and the one in the manual of AWS."""
    return len(set(token)) >= 10 and not re.search(r"example|1234567|abcdefg", token.lower())


def _is_random(value: str) -> bool:
    """Whether a value is random: 16 characters or more, mixed, and without a word."""
    if not _RANDOM.match(value) or _is_harmless(value):
        return False
    if _HEX.match(value):
        return len(value) >= 24 and _entropy(value) > 3.0
    return _is_mixed(value) and _entropy(value) > 3.4


def _is_strong(value: str) -> bool:
    kinds = (str.islower, str.isupper, str.isdigit, lambda letter: not letter.isalnum())
    if len(value) < 10 or any(letter.isspace() for letter in value) or _is_harmless(value):
        return False
    return sum(any(map(is_kind, value)) for is_kind in kinds) >= 3


def _is_mixed(value: str) -> bool:
    letters = any(map(str.islower, value)) + any(map(str.isupper, value))
    return any(map(str.isdigit, value)) and (letters == 2 or (letters == 1 and len(value) >= 24))


def _entropy(value: str) -> float:
    """Return the bits of a character by their frequencies (Shannon)."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
