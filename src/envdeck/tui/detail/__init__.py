"""The detail of one environment: its tabs, and what each of them says."""
