"""How the templates and their assets are put together: stages, code, layers, synthesis."""
