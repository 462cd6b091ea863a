"""A story of each CRM, in its own requests and in canonical events."""
