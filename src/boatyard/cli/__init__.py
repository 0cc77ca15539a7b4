"""The command line: words, tables, exit codes. Results go to stdout, progress and errors to stderr."""
