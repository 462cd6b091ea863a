"""The KPIs: one module per question, declarations only."""

from streams.kpis import (
    activity,
    commission,
    customers,
    delivery,
    derived,
    email,
    follow_up,
    forecast,
    funnel,
    marketing,
    pipeline,
    prospecting,
    quotes,
    receivables,
    response,
    sales,
)

# Importing a module declares its KPIs; a new one is named here and nowhere else.
FILES = (
    response,
    follow_up,
    email,
    activity,
    sales,
    pipeline,
    funnel,
    quotes,
    marketing,
    prospecting,
    customers,
    receivables,
    delivery,
    forecast,
    commission,
    derived,
)

__all__ = ["FILES"]
