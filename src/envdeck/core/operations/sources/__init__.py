"""Where an environment can be rebuilt from: what is here, what is locked, what is declared."""
