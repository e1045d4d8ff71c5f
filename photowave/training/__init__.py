"""Training with Lightning: the task, what is measured before it, and what runs beside it."""
