"""The receiver and the writer of alerts of notify's own tests."""

from tests.notify.conftest import server, writer

__all__ = ["server", "writer"]
