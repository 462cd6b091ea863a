"""Reports: when one is due, what it says, and which of them a recipient has."""
