"""Events of the simulated company as the webhooks of CRMs, telephony and invoicing have them."""
