"""Builds: a source tree in, RPMs out, in a sandbox. Does not decide what to build."""
