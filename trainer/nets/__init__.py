"""What architectures build: layers that own their parameters, and the rows that go into them."""
