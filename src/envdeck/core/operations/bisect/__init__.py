"""Which change of packages makes a command fail."""
