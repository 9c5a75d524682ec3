"""What a run is: its row, its status, who may see it, what may be done with it."""
