"""The tools that do the work: uv, creators, pip settings, processes."""
