"""Upgrade: packages, the lock file, or the interpreter."""
