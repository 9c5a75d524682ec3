"""From the trainer's events file to the database and to open pages."""
