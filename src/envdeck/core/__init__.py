"""Finding, reading and remembering environments; knows no screen and prints nothing."""
