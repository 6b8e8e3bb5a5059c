"""What wrote a `pyvenv.cfg`, and with which flags: each creator signs it in its own way."""

from envdeck.core.discovery.candidate import Candidate, Kind
from envdeck.core.discovery.cfg import unquoted
from envdeck.core.inspection.credentials import mask_text
from envdeck.core.model import Creation


def read_creation(candidate: Candidate) -> Creation:
    """Return the creator of an environment and its flags, as its cfg tells them.

    Credentials in it are masked: the command may name an index.
    """
    if candidate.kind in {Kind.CONDA, Kind.PIXI}:
        return Creation(creator="conda")
    if candidate.kind is Kind.LEGACY:
        return Creation(creator="virtualenv")
    cfg = candidate.cfg
    creator, version = _creator(cfg)
    return Creation(
        creator=creator,
        creator_version=version,
        system_site_packages=_true(cfg.get("include-system-site-packages")),
        prompt=mask_text(unquoted(cfg.get("prompt", ""))) or None,
        relocatable=_true(cfg.get("relocatable")),
        seeded=_true(cfg.get("seed")),
        command=mask_text(cfg.get("command", "")) or None,
    )


def _creator(cfg: dict[str, str]) -> tuple[str | None, str | None]:
    for name in ("uv", "virtualenv"):
        if name in cfg:
            return name, mask_text(cfg[name]) or None
    if "-m venv" in cfg.get("command", "") or "home" in cfg:
        return "venv", None
    return None, None


def _true(value: str | None) -> bool:
    return (value or "").strip().lower() == "true"
