"""The digits, and the order in which batches of them come."""
