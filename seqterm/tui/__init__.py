"""The full-screen workbench: commands, events and views of the other faces, in Textual."""
