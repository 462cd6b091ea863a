"""Deals: their fields, status and stages over time, and what they contribute to levels."""

from streams.journeys.deals.deal import Deal, current_changes
from streams.journeys.deals.fields import DealFields
from streams.journeys.deals.origin import Origin

__all__ = ["Deal", "DealFields", "Origin", "current_changes"]
