"""Events on a whole subject of either side: merges and erasures."""

from streams.events.common import Event
from streams.events.fields import Name, SubjectTopic


class SubjectEvent(Event, frozen=True, kw_only=True, gc=False, rename={"on_topic": "topic"}):
    """On the subject as a whole, whatever its kind.

    `topic` says which subject is meant, for a lead and an account may share a name; on Kafka the
    record's own topic says it.
    """

    topic = "crm.lead"
    on_topic: SubjectTopic | None = None


class SubjectMerged(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="subject.merged"):
    """Two records of one subject became one: all that is known of this one is known of `into`."""

    into: Name


class SubjectErased(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="subject.erased"):
    """A person asked to be forgotten: what happened up to `at` is gone for good."""
