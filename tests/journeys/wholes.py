"""Events on whole subjects, for stories."""

from tests.kpis.story import Said, said


def merged(at: str, subject: str, into: str, **fields: str) -> Said:
    """One subject turns out to be another."""
    return said("subject.merged", at, subject=subject, into=into, **fields)


def erased(at: str, subject: str, **fields: str) -> Said:
    """Somebody asks to be forgotten."""
    return said("subject.erased", at, subject=subject, **fields)
