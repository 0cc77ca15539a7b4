"""The values that cross stages: frozen, JSON in and out, written beside the artifact they describe."""
