"""Every recipe, run forth, back, and forth again on a table with all the furniture there is."""
