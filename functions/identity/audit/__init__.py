"""What was done that matters for security, in a chain that shows when somebody changed it."""
