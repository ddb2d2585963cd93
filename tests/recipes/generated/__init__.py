"""Tables of any shape, and a migration of each, made by hypothesis: proofs 1 to 4 hold for them as for the cases."""
