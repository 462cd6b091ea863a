"""What the whole way costs: events a second, and how long a KPI lags behind its event."""


