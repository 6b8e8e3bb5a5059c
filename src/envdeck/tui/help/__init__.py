"""Help, palette and tour."""
