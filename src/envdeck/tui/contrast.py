"""Text that can be read on a light ground: the light themes make some of theirs too pale."""

from textual.color import Color

READABLE = 4.5
"""The ratio of contrast that the WCAG asks of text (level AA)."""
_TEXTS = ("text-primary", "text-success", "text-warning", "text-error")
_STEP = 0.02


def contrast(one: Color, other: Color) -> float:
    """Return the ratio of two colours' luminance, from 1 to 21, as the WCAG counts it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    parts = [part / 255 for part in colour.rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(variables: dict[str, str]) -> dict[str, str]:
    """Return the variables of a light theme with the colours of text as dark as they must be."""
    grounds = [Color.parse(variables[name]) for name in ("background", "surface", "panel")]
    ground = min(grounds, key=lambda colour: colour.brightness)
    changed = {name: _darker(Color.parse(variables[name]), ground).hex for name in _TEXTS}
    changed["foreground-muted"] = _firmer(Color.parse(variables["foreground-muted"]), ground).hex
    return variables | changed


def _darker(colour: Color, ground: Color) -> Color:
    while contrast(colour, ground) < READABLE and colour.brightness > 0:
        colour = colour.darken(_STEP)
    return colour


def _firmer(colour: Color, ground: Color) -> Color:
    while contrast(ground + colour, ground) < READABLE and colour.a < 1:
        colour = colour.with_alpha(min(1.0, colour.a + _STEP))
    return colour
