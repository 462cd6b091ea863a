"""Pulls what has changed in a CRM, and repairs what its webhooks did not bring."""
