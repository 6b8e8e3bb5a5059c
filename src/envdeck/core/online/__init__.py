"""What the package index and an advisory service say of what is installed: only when asked for."""
