"""The checks of notify, history and page."""
