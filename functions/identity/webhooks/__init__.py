"""Outgoing webhooks: endpoints, what is told, its schedule, and the post itself."""
