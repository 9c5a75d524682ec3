"""Negatives that need no label: masks for images put together of two, and text that the net itself writes."""
