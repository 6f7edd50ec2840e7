"""Reads what was uploaded: finds out what a file is and returns its text, or says why it cannot be read."""
