"""Event files: writing, reading, locks between writers, and what a folder already holds."""
