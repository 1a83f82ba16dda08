"""Questions in one call, whose answers show, draw and trace themselves."""
