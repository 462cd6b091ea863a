"""The output in memory: entries in the order of their changes, and readers that follow them."""
