"""Replay of the inbox: what stands on crm.*, and how a newer translation comes to stand there."""
