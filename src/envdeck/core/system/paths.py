"""What lies where, told by names alone, without a look at the disk."""

import os


def lies_under(path: str, folder: str) -> bool:
    """Tell whether a path is a folder itself or something below it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def outermost(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the folders that lie below no other of them, each once, in their order."""
    kept: list[str] = []
    for folder in sorted(set(folders), key=lambda folder: folder.rstrip(os.sep) + os.sep):
        if not (kept and lies_under(folder, kept[-1])):
            kept.append(folder)
    outer = set(kept)
    return tuple(folder for folder in dict.fromkeys(folders) if folder in outer)
