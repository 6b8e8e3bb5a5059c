"""Where environments and interpreters are, and how to be sure that one is one."""
