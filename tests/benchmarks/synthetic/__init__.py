"""The parts of a synthetic home: what is written, by whom it is said to be made, and where."""
