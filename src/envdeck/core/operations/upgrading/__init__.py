"""What could be upgraded, what would come of it, and whether an interpreter can be repaired.

Planning only: nothing here changes an environment. The one exception, :mod:`.repair_applying`,
works on a staged copy.
"""
