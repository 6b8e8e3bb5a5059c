"""Values that stand for others: what an example has in the place of a secret."""

import re

_WHOLE = re.compile(
    r"(?:<.*>|\[.*\]|\{\{?.*\}\}?|%.+%|__.+__|\$\{?\w+\}?"
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
_LONGEST = 400
"""Characters; what is longer is no placeholder."""


def is_placeholder(value: str) -> bool:
    """Tell whether a value is to be replaced: `changeme`, `your-key-here`, `<token>`, `xxx`."""
    value = value.strip()
    if not value or len(value) > _LONGEST:
        return False
    return _WHOLE.match(value) is not None or _PART.search(value) is not None
