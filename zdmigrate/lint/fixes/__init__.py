"""One file a fix, called after its rule: ``edits`` of a place, or RefusedError with the reason."""
