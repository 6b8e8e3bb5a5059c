"""What an environment is made of, so that it can be made again and proved to be the same.

:mod:`freeze` reads it, :mod:`salvage` rebuilds wheels that no index has, :mod:`proof` and
:mod:`probe` compare before and after, :mod:`carry` brings over what no package owns.
"""
