"""Checks of an environment: findings with a remedy."""
