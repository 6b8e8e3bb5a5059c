"""Packages added, installed again or removed, and the fixes of findings."""
