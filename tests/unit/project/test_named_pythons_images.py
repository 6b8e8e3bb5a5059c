"""Versions in the words of many tools, and in the names of images."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.project.deployed.base import minor_numbers, version_in
from envdeck.core.project.deployed.platforms import python_of_image


@pytest.mark.parametrize(
    ("word", "version"),
    [
        ("3.12", "3.12"),
        (" 3.10.4 ", "3.10.4"),
        ("v3.9", "3.9"),
        ("==3.11.2", "3.11.2"),
        ("3.12.x", "3.12"),
        ("3.12.*", "3.12"),
        ("3.14-dev", "3.14"),
        ("3.13t", "3.13"),
        ("3.13.0-rc.1", "3.13.0rc1"),
        ("3.13.0-beta.4", "3.13.0b4"),
        ("3.13.0rc2", "3.13.0rc2"),
        ("python3.12", "3.12"),
        ("python-3.10.4", "3.10.4"),
        ("cpython@3.11", "3.11"),
        ("python312", "3.12"),
        ("py39", "3.9"),
        ("2.7", "2.7"),
        ("3", None),
        ("3.x", None),
        ("latest", None),
        (">=3.9", None),
        ("~3.9", None),
        ("3.9 - 3.11", None),
        ("pypy3.10", None),
        ("pypy-3.10", None),
        ("nodejs20.x", None),
        ("", None),
        ("3.12.4.5", None),
        ("3.\u0661\u0662", None),
    ],
)
def test_versions(word: str, version: str | None) -> None:
    assert version_in(word) == version


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("python:3.12", "3.12"),
        ("python:3.12.4-slim-bookworm", "3.12.4"),
        ("python:3.13.0rc1-alpine3.20", "3.13.0rc1"),
        ("python:3.12-slim@sha256:" + "0" * 64, "3.12"),
        ("registry.example/library/python:3.11", "3.11"),
        ("registry.example:5000/python:3.11", "3.11"),
        ("registry.example:5000/python", None),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm", "3.12"),
        ("ghcr.io/astral-sh/uv:0.5.1-python3.13-alpine", "3.13"),
        ("apache/airflow:2.9.0-python3.11", "3.11"),
        ("tiangolo/uvicorn-gunicorn-fastapi:python3.10-slim", "3.10"),
        ("cimg/python:3.9.18", "3.9.18"),
        ("public.ecr.aws/lambda/python:3.12", "3.12"),
        ("public.ecr.aws/sam/build-python3.12:latest", None),
        ("registry.example/ubi9/python-312:latest", "3.12"),
        ("registry.example/ubi9/python-311", "3.11"),
        ("mcr.microsoft.com/devcontainers/python:1-3.12-bookworm", "3.12"),
        ("mcr.microsoft.com/devcontainers/python:3.11", "3.11"),
        ("python:3", None),
        ("python:latest", None),
        ("python", None),
        ("python:3-slim", None),
        ("pypy:3.10", None),
        ("nginx:1.25", None),
        ("postgres:3.12", None),
        ("micropython:3.12", None),
        ("", None),
    ],
)
def test_images(image: str, version: str | None) -> None:
    assert python_of_image(image) == version


_NEAR = st.text(alphabet="python3.12-:/@sha256 x{}$\n", max_size=80)


@settings(deadline=None)
@given(st.text(max_size=80) | _NEAR)
def test_any_text_is_a_version_or_none(text: str) -> None:
    for version in (version_in(text), python_of_image(text)):
        assert version is None or minor_numbers(version) is not None
