"""What would become of the installed packages on another Python."""
