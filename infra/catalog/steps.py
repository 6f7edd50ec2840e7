"""The eight steps of `proto_v1`, in order."""

STEPS = ("qualify", "research", "specify", "plan", "design", "prototype", "demo", "launch")
