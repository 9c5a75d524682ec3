"""How much memory each method takes as nets get deeper: every case measured in a process of its own."""
