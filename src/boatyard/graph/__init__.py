"""What depends on what, and engines that run independent work side by side. Knows nothing of how a node is built."""
