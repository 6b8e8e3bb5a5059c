"""What every screen uses, and no widget."""
