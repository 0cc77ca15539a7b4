"""The configuration as frozen values; one noun of the TOML format a file. Every layer above may read them."""
