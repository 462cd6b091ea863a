"""Formats other than the canonical one in which events come: CloudEvents 1.0."""
