"""What all faces show: events as text, notes and data on their streams."""
