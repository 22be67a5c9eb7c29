"""From the arguments of the user to records in an event file: arrays, pictures, columns, and the writer itself."""
