"""The views: HTML that reads without script, from what a viewer may see."""

from streams.page.views.render import needed, render

__all__ = ["needed", "render"]
