"""Training with Lightning: the task, what is measured before it, and what runs beside it."""

from photowave.extras import require

require("train", "photowave.training")
