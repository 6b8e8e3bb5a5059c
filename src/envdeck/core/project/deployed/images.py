"""The Python inside an image, by nothing but its name and tag."""

import re

_DIGEST = re.compile(r"@sha\d+:.*\Z", re.DOTALL)
_RELEASE = r"[23]\.[0-9]{1,2}(?:\.[0-9]{1,3})?(?:(?:a|b|rc)[0-9]{1,2})?(?![\d.])"
_OWN_TAG = re.compile(rf"({_RELEASE})")
_DEV_CONTAINER_TAG = re.compile(rf"(?:(?:dev-)?\d+(?:\.\d+){{0,2}}-|dev-)?({_RELEASE})")
_SPOKEN = re.compile(rf"(?:\A|[-_.])python-?({_RELEASE})")
_JOINED = re.compile(r"(?:\A|[-_])python-?([23])([0-9]{1,2})(?!\d)")
_LONGEST = 512


def python_of_image(image: str) -> str | None:
    """Return the version of CPython that an image's name tells; None for what tells none.

    Known are the official image from whatever registry (`registry.example/library/python:3.11`),
    others called after Python (`cimg/python`, `lambda/python`, `ubi9/python-312`), and tags that
    speak of it (`uv:python3.12-bookworm`, `airflow:2.9.0-python3.11`). Tags such as `3` and
    `latest` name nothing that would hold tomorrow.
    """
    if len(image) > _LONGEST or any(letter.isspace() for letter in image):
        return None
    image = _DIGEST.sub("", image)
    path, _, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    spoken = _SPOKEN.search(tag)
    if spoken:
        return spoken[1]
    joined = _JOINED.search(tag) or _JOINED.search(name)
    if joined:
        return f"{joined[1]}.{joined[2]}"
    if name == "python" or name.endswith("-python") or name.startswith("python-"):
        dev = path.endswith(("devcontainers", "vscode/devcontainers"))
        match = (_DEV_CONTAINER_TAG if dev else _OWN_TAG).match(tag)
        return match[1] if match else None
    return None
