"""What recipes are made of: the ground that they stand on, and the phases that they fill."""
