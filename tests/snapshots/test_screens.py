"""The screens as they look, at the sizes they are designed for."""

import pytest

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (50, 15)], ids=lambda s: f"{s[0]}x{s[1]}"
)


@SIZES
async def test_list(looks_as_before, size):
    await looks_as_before(size, "j", "j")


@SIZES
async def test_marked_and_filtered(looks_as_before, size):
    keys = ("slash", *"status:ok", "enter", "space", "space", "j")
    await looks_as_before(size, *keys)


@SIZES
async def test_filter_that_is_not_understood(looks_as_before, size):
    await looks_as_before(size, "slash", *"size:big")


@SIZES
async def test_help(looks_as_before, size):
    await looks_as_before(size, "question_mark")


@SIZES
async def test_detail(looks_as_before, size):
    await looks_as_before(
        size,
        "enter",
        then=lambda app: app.main.panes.detail is not None and app.main.panes.detail.environment,
    )


async def test_range(looks_as_before):
    await looks_as_before((80, 24), "j", "v", "j", "j")


async def test_nothing_found(looks_as_before, made_up):
    await looks_as_before((80, 24), source=made_up.MemorySource())


async def test_nothing_matches(looks_as_before):
    await looks_as_before((80, 24), "slash", *"no such thing", "enter")


async def test_plain_signs(looks_as_before):
    from envdeck.text.safe import ASCII

    await looks_as_before((120, 24), "space", signs=ASCII)


async def test_light(looks_as_before):
    await looks_as_before((120, 24), "space", theme="textual-light")


async def test_without_colour(looks_as_before):
    await looks_as_before((120, 24), "space", no_color=True)


async def test_hostile_names(looks_as_before, made_up):
    environments = [made_up.environment(f"/home/ada/{name}/.venv") for name in made_up.HOSTILE]
    await looks_as_before((80, 12), source=made_up.MemorySource(environments))
