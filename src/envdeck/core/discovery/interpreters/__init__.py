"""Interpreters on a machine, located by where their installers put them."""
