"""A story of each CRM, told in its own requests and in canonical events."""
