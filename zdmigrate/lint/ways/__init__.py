"""Ways to do in small steps what one statement would do at once; several fixes go the same way."""
