"""A migration of a random table, two versions of an app, and everything that goes wrong meanwhile, from one seed."""
