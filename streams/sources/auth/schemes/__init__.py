"""Schemes of verification: one module for each way in which senders prove who they are."""
