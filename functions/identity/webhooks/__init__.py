"""Telling others: endpoints, deliveries, the schedule, the post itself."""
