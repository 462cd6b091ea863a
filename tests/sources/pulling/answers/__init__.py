"""Answers of CRMs' servers in their documented shapes."""

from tests.sources.pulling.answers.crms import CRMS, Crm

__all__ = ["CRMS", "Crm"]
