"""A new environment built aside, proved, and exchanged for the old one."""
