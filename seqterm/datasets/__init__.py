"""Readers of data, one for each shape of it."""
