"""Laws of what a new owner restores, and of what leaves memory."""
