"""Events on a whole subject of either kind: merges and erasures."""

from typing import ClassVar

from streams.events.common import Event
from streams.events.fields import Name, SubjectTopic


class SubjectEvent(Event, frozen=True, kw_only=True, gc=False, rename={"on_topic": "topic"}):
    """An event on the subject as a whole, of either kind.

    `topic` decides between a lead and an account of the same name; without one it holds for
    both. On Kafka the topic of the record decides.
    """

    topic = "crm.lead"
    # One topic of each kind of subject: leads, and accounts.
    topic_of_each_kind: ClassVar[tuple[str, ...]] = ("crm.lead", "crm.order")
    on_topic: SubjectTopic | None = None


class SubjectMerged(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="subject.merged"):
    """Two records of one subject became one: all that is known of this one is known of `into`.

    Without `topic` it holds for the lead and for the account of this name.
    """

    into: Name


class SubjectErased(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="subject.erased"):
    """A person asked to be forgotten: what happened up to `at` is gone for good.

    Without `topic` it holds for the lead and for the account of this name.
    """
