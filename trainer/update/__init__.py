"""How weights move: `closed_form` (no autograd) and `autograd` (the general way). Both only add to gradient buffers."""
