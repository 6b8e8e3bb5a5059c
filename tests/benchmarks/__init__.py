"""What EnvDeck costs, each figure as a ratio to a named peer within one run."""
