"""What several folders of tests build: `from support.wheels import write_wheel`."""
