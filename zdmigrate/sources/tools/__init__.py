"""The migration tools whose folders can be read, one a file."""
