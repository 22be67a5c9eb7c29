"""Whatever judges a run: recordings, replays, distributions, the report."""
