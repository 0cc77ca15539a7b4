"""Channels as dnf repositories: which package goes where, repodata, signatures, closure, immutable snapshots."""
