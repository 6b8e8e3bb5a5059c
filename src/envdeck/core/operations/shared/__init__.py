"""What several operations work with."""
