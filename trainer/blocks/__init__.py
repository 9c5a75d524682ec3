"""What a layer computes from its input: one file a kind of layer. Import no torch at module level."""
