"""A folder of files into the knowledge of the system that runs on this machine."""
