"""RPM packages: headers, the project's key, signatures. Does not build."""
