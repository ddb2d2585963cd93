"""Rules, where they match, and what a file says to allow."""
