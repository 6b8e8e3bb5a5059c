"""The machine: files, paths, mounts, settings of the platform."""
