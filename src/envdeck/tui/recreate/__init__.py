"""The dialogs of recreate and create."""
