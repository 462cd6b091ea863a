"""One schedule: faults in random order, then quiet."""

from collections import Counter
from random import Random

from tests.model.boards import Board
from tests.model.broker import (
    RETRY,
    Partition,
    Refused,
    Request,
    Transactional,
)
from tests.model.facts import Event, misplaced, told
from tests.model.journeys import Shard
from tests.model.member import (
    DONE,
    IDLE,
    WAITING,
    Member,
    Place,
)
from tests.model.rules import Rules
from tests.model.senders import Sender
from tests.model.topics import FAMILIES, Topics

JOURNEYS, BOARDS = "aggregate", "merge"
LAST_DAY = 20
SENDERS = 2
NAPS = (0, 3, 10, 40, 150)
PATIENCE = 1500


class World:
    """Members over topics, and chance."""

    def __init__(self, rules: Rules, seed: int) -> None:
        """Everything that happens follows from the seed."""
        self.rules, self.random = rules, Random(seed)
        self.seen: Counter[str] = Counter()
        self.heat = self.random.choice((0.1, 0.3, 1.0))
        shards = 3 if seed % 4 == 0 else 2
        is_tight = seed % 3 == 0
        sources = [told(self.random, rules.clock, is_tight) for _ in range(shards)]
        if seed % 8 in (1, 4):
            misplaced(sources, Random(seed))
        self.topics = Topics([[Partition() for _ in topics] for topics in sources])
        self.versions = [1]
        self.has_snapshots = rules.snapshots and seed % 10 == 3
        self.has_rounds = seed % 10 in (6, 7)
        self.wire: list[Request] = []
        self.members: list[Member] = []
        self.owners: dict[Place, Member] = {}
        self._transactionals: dict[object, Transactional] = {}
        self.places = [Place(JOURNEYS, number) for number in range(shards)]
        self.places += [Place(BOARDS, number) for number in range(FAMILIES)]
        self.senders: list[Sender] = []
        self._send(sources, seed)
        for place in self.places:
            self.start(place)

    def _send(self, sources: list[list[list[Event]]], seed: int) -> None:
        """Write all events at once, or let senders do it over time, some of it in transactions."""
        outbox = [
            (partition, event)
            for partitions, topics in zip(self.topics.source, sources, strict=True)
            for partition, events in zip(partitions, topics, strict=True)
            for event in events
        ]
        self._chance = Random(f"senders of {seed}")
        if not self.rules.transactions or seed % 5 not in (1, 2):
            for partition, event in outbox:
                partition.append(None, event.id, (event,))
            return
        self._chance.shuffle(outbox)
        self._pace = self._chance.choice((0.1, 0.3, 0.6))
        wire = self.wire if self.rules.late else None
        self.senders = [
            Sender(outbox[number::SENDERS], self._chance, self._new_id, wire, self.seen)
            for number in range(SENDERS)
        ]

    def _new_id(self) -> Transactional:
        new = Transactional(self.seen, self.rules.verification)
        self._transactionals["sender", len(self._transactionals)] = new
        return new

    def send(self) -> None:
        """Let each sender do its next thing; one that has sent all is done."""
        self.senders = [sender for sender in self.senders if sender.step()]

    def start(self, place: Place) -> None:
        """Begin a new incarnation; whoever was there may still live, and not know."""
        name: object = place if self.rules.fence else len(self._transactionals)
        if name not in self._transactionals:
            self._transactionals[name] = Transactional(self.seen, self.rules.verification)
        random = self.random
        member = Member(
            place=place,
            transactional=self._transactionals[name],
            rules=self.rules,
            random=random,
            wire=self.wire,
            version=random.choice(self.versions),
            asleep=random.choice((0, 0, 0, 0, 30)),
            skew=random.choice((0, 0, 1)),
            has_snapshots=self.has_snapshots,
            has_rounds=self.has_rounds,
        )
        stage = Shard if place.stage == JOURNEYS else Board
        member.life = stage(member, self.topics).live()
        self.owners[place] = member
        self.members.append(member)

    def step(self, member: Member) -> str:
        """Let a member do its next thing; one that is refused ends."""
        if member.asleep > 0:
            member.asleep -= 1
            return DONE
        assert member.life is not None
        try:
            return next(member.life)
        except Refused as refused:
            self.members.remove(member)
            self.seen[str(refused)] += 1
            return DONE

    def crash(self, member: Member) -> None:
        """End a member; what it was just asking may still arrive."""
        if member.on_the_way is not None and self.random.random() < 0.6:
            self.wire.append(member.on_the_way)
        self.members.remove(member)
        self.seen["killed"] += 1

    def hand_over(self, place: Place) -> None:
        """Give a place to somebody new, while the old owner sleeps or goes on."""
        old = self.owners[place]
        if old not in self.members:
            return
        if len(self.members) > len(self.places) + 2:
            self.crash(old)
        old.asleep = self.random.choice(NAPS)
        self.start(place)
        self.seen["handed over"] += 1

    def deliver(self) -> None:
        """Let one late request arrive."""
        if not self.wire:
            return
        request = self.wire.pop(self.random.randrange(len(self.wire)))
        try:
            if request() is RETRY:
                self.wire.append(request)
        except Refused:
            self.seen["late and refused"] += 1

    def mark(self) -> None:
        """Let the coordinator write one marker."""
        busy = [tx for tx in self._transactionals.values() if tx.pending]
        if busy:
            self.random.choice(busy).write_a_marker(self.random)

    def expire(self) -> bool:
        """Let an open transaction's time be up; False if there is none."""
        ongoing = [tx for tx in self._transactionals.values() if tx.is_open]
        if ongoing:
            self.random.choice(ongoing).expire()
        return bool(ongoing)

    def compact(self, partition: Partition, share: float) -> None:
        """Compact the older part of a partition."""
        if partition in self.topics.partials and not self.rules.absolute:
            return
        passed: float = partition.end
        if self.rules.tombstones and partition in self.topics.partials:
            number = self.topics.partials.index(partition)
            readers = [m.at for m in self.members if m.place == Place(BOARDS, number)]
            passed = min(readers, default=partition.end)
        partition.compact(share * partition.stable_end, passed)

    def fault(self) -> None:
        """Let one thing happen; mostly that somebody goes on."""
        if self.senders and self._chance.random() < self._pace:
            self.send()
        random = self.random
        drawn = random.random()
        if drawn > 0.92 and random.random() > self.heat:
            drawn = random.random() * 0.92
        dead = [place for place in self.places if self.owners[place] not in self.members]
        if dead and drawn < 0.15:
            self.start(random.choice(dead))
        elif drawn < 0.70:
            if self.members:
                self.step(random.choice(self.members))
        elif drawn < 0.86:
            self.mark()
        elif drawn < 0.92:
            self.deliver()
        else:
            self._rare(drawn)

    def _rare(self, drawn: float) -> None:
        random = self.random
        if drawn < 0.94:
            if self.members:
                self.crash(random.choice(self.members))
        elif drawn < 0.96:
            self.hand_over(random.choice(self.places))
        elif drawn < 0.965:
            self.expire()
        elif drawn < 0.975:
            if self.members:
                random.choice(self.members).asleep = 30
        elif drawn < 0.99:
            self.compact(random.choice(self.topics.compacted), random.random())
        elif drawn < 0.997:
            self.topics.clock += self.rules.clock
        elif self.rules.versions:
            self.versions = [1, 2]  # a rolling deploy: either may take a shard

    def quieten(self) -> None:
        """Let the last day come and the deploy end, or be rolled back."""
        self.topics.clock = LAST_DAY
        self.versions = [self.random.choice(self.versions)]

    def settle(self) -> bool:
        """Let no new faults happen but dying zombies, until nobody has anything to do."""
        quiet = 0
        for _ in range(PATIENCE):
            for place, owner in list(self.owners.items()):
                if owner not in self.members or owner.version not in self.versions:
                    self.start(place)
            order = self.random.sample(self.members, len(self.members))
            answers = [(member.asleep, self.step(member)) for member in order]
            for member in self.members[:]:
                if self.owners[member.place] is not member and self.random.random() < 0.01:
                    self.crash(member)
            self.send()
            self.mark()
            self.mark()
            if self.random.random() < 0.2:
                self.deliver()
            is_pending = any(tx.pending for tx in self._transactionals.values())
            is_busy = self.wire or self.senders or is_pending
            is_moving = any(slept or said not in (IDLE, WAITING) for slept, said in answers)
            quiet = 0 if is_busy or is_moving else quiet + 1
            is_done = all(said == IDLE for _, said in answers)
            if quiet > 2:
                if self.expire():
                    quiet = 0  # what was behind it can be read now
                elif is_done:
                    return True
        return False
