"""Whole screens: the list with its detail, and what is opened over it."""
