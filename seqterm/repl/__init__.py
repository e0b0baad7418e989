"""The interactive session: lines to commands, with models that stay loaded."""
