"""Sources of another distribution: its dist-git repositories and its lookaside cache. Everything from there is hostile.

`Repository` keeps the commits of one package; `wanted` says which archives belong to a commit; `ArchiveStore` has them.
"""
