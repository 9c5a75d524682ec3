"""Running presets and their controls over seeds, and the table of what they came to."""
