"""The dashboards, one a module: which panels stand where, and what they ask."""
