"""Hand-written answers of the eight agents, for tests that need a whole, valid project."""
