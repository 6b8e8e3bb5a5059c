"""Dialogs: they ask, and never act by themselves."""
