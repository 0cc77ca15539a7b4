"""Shell scripts: text → syntax (`parse`) → steps (`walk`, `command`), with constants followed and functions inlined."""
