"""The crash matrix: every recipe and every story, ended by every fault between any two messages of the client."""
