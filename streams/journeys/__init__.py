"""What the events of a subject mean: leads, calls, emails, deals, invoices."""

from streams.journeys.calls import Call
from streams.journeys.deals import Deal
from streams.journeys.emails import Email
from streams.journeys.invoices import Invoice
from streams.journeys.leads import Lead
from streams.journeys.rows import place, survivor, view
from streams.journeys.subjects import Journey

__all__ = ["Call", "Deal", "Email", "Invoice", "Journey", "Lead", "place", "survivor", "view"]
