"""The digits, and the order in which they come in batches."""
