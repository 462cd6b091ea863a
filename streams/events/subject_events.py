"""Events on a whole subject of either side: merges and erasures."""

from streams.events.common import Event
from streams.events.fields import Name, SubjectTopic


class SubjectEvent(Event, frozen=True, kw_only=True, gc=False, rename={"on_topic": "topic"}):
    """An event on the subject as a whole, of either side.

    `topic` decides between a lead and an account of the same name; on Kafka the topic of the
    record does.
    """

    topic = "crm.lead"
    on_topic: SubjectTopic | None = None


class SubjectMerged(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="subject.merged"):
    """Two records of one subject became one: all that is known of this one is known of `into`."""

    into: Name


class SubjectErased(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="subject.erased"):
    """A person asked to be forgotten: what happened up to `at` is gone for good."""
