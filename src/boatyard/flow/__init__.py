"""What a command does, step by step: tables of contents that join the layers below."""
