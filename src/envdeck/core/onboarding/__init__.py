"""The walkthrough: from a fresh clone to the first running command, each step checked."""
