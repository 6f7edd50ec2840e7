"""`make chaos`: the system as a process that is killed, what must hold afterwards, and the command that counts."""
