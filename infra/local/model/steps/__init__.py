"""One module a step: each draws its answer from the blueprint and from the answers accepted before it."""
