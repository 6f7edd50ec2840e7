"""Proving who one is, and staying so: passwords, logins, tokens, sessions."""
