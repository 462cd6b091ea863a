"""Webhooks of CRMs: verified, written to the inbox, answered as each sender understands it."""
