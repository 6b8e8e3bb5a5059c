"""Locks, journal and trash: an operation ends whole or changes nothing."""
