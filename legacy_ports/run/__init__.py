"""What a run does, and what it leaves on disk."""
