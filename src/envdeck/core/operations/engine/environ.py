"""The variables that a tool is run with: the person's, less what would lead it astray."""

from envdeck.core.host import Host

_DROPPED = frozenset(
    {"VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "FORCE_COLOR"}
    | {"CLICOLOR_FORCE", "RUST_LOG", "RUST_BACKTRACE", "__PYVENV_LAUNCHER__"}
)
_KEPT_UV = frozenset(
    {"UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_KEYRING_PROVIDER"}
    | {"UV_INSECURE_HOST", "UV_CACHE_DIR", "UV_NO_CACHE", "UV_LINK_MODE", "UV_OFFLINE"}
    | {"UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_CONFIG_FILE", "UV_CREDENTIALS_DIR"}
    | {"UV_EXCLUDE_NEWER", "UV_PRERELEASE", "UV_TORCH_BACKEND", "UV_LOCK_TIMEOUT", "UV_GIT_LFS"}
    | {"UV_BUILD_CONSTRAINT", "UV_NO_BUILD_ISOLATION", "UV_AUTH_TOKEN", "UV_GITHUB_TOKEN"}
    | {"UV_REQUEST_TIMEOUT", "UV_PYTHON_INSTALL_DIR", "UV_PYTHON_INSTALL_MIRROR"}
    | {"UV_PYPY_INSTALL_MIRROR", "UV_PYTHON_CACHE_DIR", "UV_ASTRAL_MIRROR_URL", "UV_API_KEY"}
)
"""What a person may tell uv by variables: how packages are reached, built and kept. The rest of
`UV_*` says what is acted on, and that is said here."""
_KEPT_UV_GROUPS = ("UV_INDEX", "UV_HTTP_", "UV_CONCURRENT_", "UV_NO_BUILD", "UV_NO_BINARY")


def clean_environ(host: Host) -> dict[str, str]:
    """Return the variables of the person without those that lead a tool to another environment,
    make Python start differently, or colour what is written."""
    return {
        name: value
        for name, value in host.environ.items()
        if name not in _DROPPED
        and not name.startswith("PYTHON")
        and (not name.startswith("UV_") or name in _KEPT_UV or name.startswith(_KEPT_UV_GROUPS))
    } | {"NO_COLOR": "1", "HOME": host.home}
