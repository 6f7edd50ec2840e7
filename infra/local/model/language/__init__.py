"""English for the drafts: inflection, word lists and the parser that reads an idea."""
