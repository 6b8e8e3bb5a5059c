"""The dialog of upgrade."""
