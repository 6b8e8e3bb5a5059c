"""Drift: what is installed, compared with what is locked or declared."""
