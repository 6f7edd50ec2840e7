"""AWS on one machine: moto behind a front that runs the real handlers and keeps objects on disk."""
