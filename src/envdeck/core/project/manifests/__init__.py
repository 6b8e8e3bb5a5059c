"""Manifests, one format a module."""
