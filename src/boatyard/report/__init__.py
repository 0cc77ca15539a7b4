"""Results for people and pipelines: tables, JSON."""
