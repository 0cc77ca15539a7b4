"""Every effect on the world outside: processes, files, network, clock, progress. Each port is passed as an argument."""
