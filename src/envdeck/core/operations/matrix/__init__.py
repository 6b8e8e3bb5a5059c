"""A project's command over several interpreters and versions of libraries."""
