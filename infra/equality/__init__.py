"""Whether the synthesised templates hold exactly what the catalog says."""
