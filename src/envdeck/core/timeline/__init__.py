"""What an environment was: snapshots of its packages, and the events between them."""
