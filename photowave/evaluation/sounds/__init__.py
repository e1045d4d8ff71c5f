"""What an evaluation listens to: real recordings, and what the model and simple systems make of photos."""
