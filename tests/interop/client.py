"""A client of the broker: publishes, subscribes, asks (docs/PROTOCOL.md, sections 5, 7, 9, 10).

    key, card = read_device_key("device.key"), read_card("sinergi.conf")
    client = Client(key, card, Store("state.sqlite", key, card.store))
    places = client.publish([envelope])             # durable when it returns
    client.run(until=client.all_answered)           # connects, sends, stores the outcomes
    print(client.store.outcome(*places[0]))

One thread; `run` does all the work and returns when its condition holds. What has to be told to
people at once (section 3, 5) is an exception; calling `run` again goes on.
"""

import random
import time

from google.protobuf.message import DecodeError
from sinergi.v1 import event_pb2, frame_pb2, query_pb2

import events
import frames
from link import HANDSHAKE, KEY, LOST, READY, REFUSED, Link
from receipts import Block, NotProven, leaf_hash, path_holds

PING_S, SILENT_S, GREETING_S, ANSWER_S, BYE_S = 10, 30, 10, 60, 0.3
BACKOFF_FIRST_S, PAUSE_MAX_S, HANDSHAKE_PAUSE_S = 0.15, 60, 0.4
HANDSHAKES_LOUD, HANDSHAKE_WINDOW_S, GAPS_MAX = 3, 2, 5


class Loud(Exception):
    """Something that people have to be told."""


class KeyRefused(Loud):
    """This key is unknown, suspended or out of its dates."""


class WrongServer(Loud):
    """The server has another key than the card says, or is just starting."""


class HistoryDiffers(Loud):
    """Do not go on; call the operator."""


class OldProtocol(Loud):
    """The broker speaks another protocol."""


class TakenOver(Loud):
    """Another connection took a subscription."""


class Refused(Loud):
    """The broker refused a request for good."""

    def __init__(self, error):
        super().__init__(error.text_en)
        self.error = error


class Timeout(Loud):
    """Not within the given time; nothing is lost."""


class Later(Exception):
    """From a handler: hand this delivery over again after `after_ms` (counted by the broker)."""

    def __init__(self, reason="handler", after_ms=0):
        super().__init__(reason)
        self.reason, self.after_ms = reason, after_ms


class Subscription:
    def __init__(self, name, handler, **how):
        self.name, self.handler, self.how = name, handler, how
        self.attached = self.caught_up = self.given_up = False
        self.marks = 0  # Subscribed that have to come before deliveries count again
        self.restart = how.pop("restart", False)


class Client:
    def __init__(self, key, card, store):
        self.key, self.card, self.store = key, card, store
        self.link, self.welcome = None, None
        self.failures, self.retry_at = 0, 0.0
        self.handshakes_failed = []
        self.flights, self.hold_until, self.gaps = [], 0.0, 0
        self.subscriptions = {}
        self.seen, self.seen_stored = store.seen(), True
        self.request_no, self.reply = 0, None
        self.token = 0
        self.server_ms, self.server_at = int(time.time() * 1000), time.monotonic()
        self.demo = False
        self.leaving = self.left = False

    def now_ms(self):
        """Time of the broker, as far as known; a demo store stands still."""
        passed = 0 if self.demo else time.monotonic() - self.server_at
        return self.server_ms + int(passed * 1000)

    # ---- what a program calls ----------------------------------------------------------------

    def publish(self, envelopes):
        """Take events into the outbox in one commit; their places."""
        parts = [
            events.split(events.complete(e, self.key.agency, self.now_ms())) for e in envelopes
        ]
        for clear, personal in parts:
            if len(clear) + len(personal) > frames.EVENT_MAX:
                raise ValueError(f"an event has at most {frames.EVENT_MAX} bytes")
        return self.store.append(parts, self.now_ms())

    def subscribe(self, name, handler, **how):
        """handler(delivery, envelope, db) runs inside of the transaction that marks the delivery
        as done. how: types, start, seq, time_ms, take_over, restart."""
        self.subscriptions[name] = Subscription(name, handler, **how)
        if self.is_up():
            self._attach()
        return self.subscriptions[name]

    def run(self, until=lambda: False, seconds=30.0):
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() >= end:
                raise Timeout("not within the given time")
            self.turn()
            if not until():
                self._wait(min(end, time.monotonic() + 0.2))

    def turn(self):
        """One pass without waiting: for a program that has a loop of its own."""
        now = time.monotonic()
        if not self.link and now >= self.retry_at:
            self.link = Link(self.card, self.key)
            self.opened_at = self.heard_at = self.said_at = now
            self.greeted = False
        if self.link:
            self._watch()
        if self.link:
            self._receive()
        if self.link:
            self._keep_alive()
        if self.is_up():
            self._send_frames()

    def connect(self, seconds=30.0):
        self.run(self.is_up, seconds)

    def is_up(self):
        return self.link is not None and self.welcome is not None

    def all_answered(self):
        return not self.store.unanswered()

    def all_caught_up(self):
        return all(s.caught_up for s in self.subscriptions.values())

    def query(self, kind, seconds=30.0, **fields):
        """The pages of an answer, one after the other."""
        cursor = b""
        while True:
            query = query_pb2.Query(kind=kind, **fields)
            if cursor:
                query.cursor = cursor
            page = self._ask("query", query, seconds)
            yield page
            cursor = page.next_cursor
            if not cursor:
                return

    def discard(self, subscription, seq, seconds=30.0):
        discard = frame_pb2.Discard(subscription=subscription, seq=seq)
        return self._ask("discard", discard, seconds)

    def admin(self, admin, seconds=30.0):
        return self._ask("admin", admin, seconds)

    def close(self):
        """Say Bye and wait for the answer: the last Ack is taken then."""
        if self.is_up():
            self.leaving, self.left = True, False
            self._send(bye=frame_pb2.Bye(code=0))
            end = time.monotonic() + BYE_S
            while self.link and not self.left and time.monotonic() < end:
                self.link.wait(end - time.monotonic())
                self._receive()
        self._drop()
        self.leaving = False
        self.retry_at, self.failures = 0.0, 0

    # ---- the connection ----------------------------------------------------------------------

    def _drop(self, pause=None):
        """End the connection; the next attempt waits."""
        if self.link:
            self.link.close()
        self.link = self.welcome = None
        self.failures += 1
        backoff = min(PAUSE_MAX_S, BACKOFF_FIRST_S * 2 ** min(self.failures - 1, 10))
        wait = pause if pause is not None else backoff
        self.retry_at = time.monotonic() + wait * random.uniform(0.5, 1.5)
        self.flights = []
        for subscription in self.subscriptions.values():
            subscription.attached = subscription.caught_up = False
            subscription.marks = 0
        self._store_seen()

    def _wait(self, until):
        left = until - time.monotonic()
        if self.link:
            self.link.wait(left)
        elif left > 0:
            time.sleep(min(left, max(0.0, self.retry_at - time.monotonic())))

    def _watch(self):
        while self.link:
            event = self.link.event()
            if event is None:
                return
            if event == READY:
                self._greet()
            elif event == REFUSED:
                self._drop()
            elif event == LOST:
                self._receive()  # a Bye may still be there
                if self.link:
                    self._drop()
            elif event == KEY:
                self._drop(PAUSE_MAX_S)
                raise KeyRefused(KeyRefused.__doc__)
            elif event == HANDSHAKE:
                self._handshake_failed()

    def _handshake_failed(self):
        now = time.monotonic()
        self.handshakes_failed = self.handshakes_failed[-HANDSHAKES_LOUD + 1 :] + [now]
        self._drop(HANDSHAKE_PAUSE_S)
        many = len(self.handshakes_failed) == HANDSHAKES_LOUD
        if many and now - self.handshakes_failed[0] < HANDSHAKE_WINDOW_S:
            raise WrongServer(WrongServer.__doc__)

    def _send(self, **frame):
        self._send_body(frame_pb2.ClientFrame(**frame).SerializeToString())

    def _send_body(self, body):
        """False: the connection has ended, and with it what was asked on it."""
        self.said_at = time.monotonic()
        if self.link and self.link.send(body):
            return True
        self._drop()
        return False

    def _greet(self):
        hello = frame_pb2.Hello(protocol=frames.PROTOCOL, client_version="interop 1")
        if self.seen:
            hello.seen.epoch, hello.seen.height, hello.seen.hash = self.seen
        hello.outboxes.extend(outbox for outbox, _ in self.store.outboxes()[:16])
        self.greeted, self.opened_at = True, time.monotonic()
        self._send(hello=hello)

    def _keep_alive(self):
        now = time.monotonic()
        if not self.welcome:
            if self.greeted and now - self.opened_at > GREETING_S:
                self._drop()
        elif now - self.heard_at > SILENT_S or (
            self.flights and now - self.flights[0][3] > ANSWER_S
        ):
            self._drop()
        elif now - self.said_at > PING_S:
            self.token += 1
            self._send(ping=frame_pb2.Ping(token=self.token))

    # ---- frames that come --------------------------------------------------------------------

    def _receive(self):
        while self.link:
            try:
                body = self.link.receive()
                if body is None:
                    return
                frame = frame_pb2.ServerFrame.FromString(body)
            except (ValueError, DecodeError):
                self._drop()
                return
            self.heard_at = time.monotonic()
            for field, message in frame.ListFields():
                getattr(self, "_take_" + field.name)(message)

    def _differs(self, text):
        self._drop(PAUSE_MAX_S)
        raise HistoryDiffers(text)

    def _see(self, signed_block):
        """Section 5.2: check a block, and remember it when it is newer."""
        block = Block.of(signed_block)
        try:
            block.check(self.card.sign)
        except NotProven as error:
            self._differs(str(error))
        if block.store_id != self.card.store:
            self._differs("a block of another store")
        now = (block.epoch, block.height, block.hash)
        if self.seen and now[:2] == self.seen[:2] and now != self.seen:
            self._differs("two blocks have the same height")
        if not self.seen or (block.height > self.seen[1] and block.epoch >= self.seen[0]):
            self.seen, self.seen_stored = now, False

    def _store_seen(self):
        if not self.seen_stored:
            self.store.remember(self.seen)
            self.seen_stored = True

    def _take_welcome(self, welcome):
        if welcome.store_id != self.card.store:
            self._differs("another store than the card names")
        if self.seen and welcome.hash_at_seen != self.seen[2]:
            self._differs("the last block that this device saw is not there")
        if welcome.HasField("head"):
            self._see(welcome.head)
        self.server_ms, self.server_at = welcome.server_time_ms, time.monotonic()
        self.demo = welcome.demo
        self._store_seen()
        for state in welcome.outboxes:
            outbox, last = self.store.outboxes()[0]
            if state.foreign:
                raise Loud("the outbox belongs to another agency: never copy a state file")
            if state.outbox_id == outbox and state.last_number > last:
                self.store.new_outbox(self.now_ms())
        self.welcome, self.failures = welcome, 0
        self.handshakes_failed = []
        self._attach()

    def _take_pong(self, pong):
        self.server_ms, self.server_at = pong.server_time_ms, time.monotonic()

    def _take_bye(self, bye):
        code, later = bye.code, bye.error.retry_after_ms / 1000
        greeting = self.welcome is None
        if code == frames.E_HELLO_FIRST:
            self._greet()
            return
        self.left = True
        if code in (frames.E_BUSY, frames.E_QUOTA):
            self._drop(later or 1)
        elif code == frames.E_SUSPENDED:
            self._drop(PAUSE_MAX_S)
            raise KeyRefused(bye.error.text_en)
        elif code == frames.E_HISTORY:
            self._differs(bye.error.text_en)
        else:
            self._drop()
        if code == frames.E_TAKEN_OVER:
            if bye.error.object in self.subscriptions:
                self.subscriptions[bye.error.object].given_up = True
            raise TakenOver(bye.error.object)
        if code == frames.E_PROTOCOL:
            raise OldProtocol(bye.error.accepted) if greeting else Refused(bye.error)

    # ---- publishing --------------------------------------------------------------------------

    def _send_frames(self):
        if time.monotonic() < self.hold_until:
            return
        under_way = {(outbox, first) for outbox, first, _, _ in self.flights}
        events_under_way = sum(count for _, _, count, _ in self.flights)
        for outbox, first, count, body in self.store.unanswered():
            if (outbox, first) in under_way:
                continue
            if (
                len(self.flights) >= frames.UNANSWERED_FRAMES_MAX
                or events_under_way + count > frames.UNANSWERED_EVENTS_MAX
            ):
                return
            if not self._send_body(body):
                return
            self.flights.append((outbox, first, count, self.said_at))
            events_under_way += count

    def _take_publish_result(self, result):
        if not self.flights:
            return
        outbox, first, count, _ = self.flights[0]
        if (result.outbox_id, result.first_number) != (outbox, first):
            return  # of a frame that is sent again
        if result.HasField("frame_error"):
            self._frame_refused(outbox, first, count, result.frame_error)
            return
        if [o.number for o in result.outcomes] != list(range(first, first + count)):
            self._drop()
            return
        for block in result.blocks:
            self._see(block)
        for outcome in result.outcomes:
            if outcome.HasField("inclusion") and not self._is_included(outbox, outcome, result):
                self._differs(f"wrong receipt for number {outcome.number}")
        self.store.answer(result, result.blocks, self.seen)
        self.seen_stored = True
        self.gaps = 0
        del self.flights[0]

    def _is_included(self, outbox, outcome, result):
        inclusion = outcome.inclusion
        block = result.blocks[inclusion.block_index]
        leaf = leaf_hash(
            outcome.seq,
            outcome.accepted_at_ms,
            outbox,
            outcome.number,
            events.digest_of(self.store.parts(outbox, outcome.number)),
            inclusion.rest_hash,
        )
        return (
            outcome.seq == block.first_seq + inclusion.leaf_index
            and outcome.accepted_at_ms == block.time_ms
            and path_holds(leaf, inclusion.leaf_index, block.count, inclusion.path, block.root)
        )

    def _frame_refused(self, outbox, first, count, error):
        self.flights = []
        if error.code in (frames.E_STORAGE, frames.E_BUSY, frames.E_QUOTA):
            self.hold_until = time.monotonic() + (error.retry_after_ms or 1000) / 1000
        elif error.code == frames.E_SEQ_GAP and self.gaps < GAPS_MAX:
            self.gaps += 1
            expected = error.expected_number
            if first < expected < first + count:
                self.store.cut(outbox, first, count, expected)
            elif expected < first:
                self.store.send_again_from(outbox, expected)
            else:
                raise Refused(error)
        elif error.code == frames.E_SCHEMA and count > 1:
            self.store.cut(outbox, first, count, first + count // 2)
        else:
            self.hold_until = time.monotonic() + PAUSE_MAX_S
            raise Refused(error)

    # ---- subscribing -------------------------------------------------------------------------

    def _attach(self):
        for s in self.subscriptions.values():
            if not s.attached and not s.given_up:
                self._subscribe(s, s.restart)

    def _subscribe(self, s, restart=False):
        s.attached, s.caught_up = True, False
        s.marks += 1
        self._send(subscribe=frame_pb2.Subscribe(name=s.name, restart=restart, **s.how))

    def _take_subscribed(self, subscribed):
        s = self.subscriptions.get(subscribed.subscription)
        if not s:
            return
        s.marks = max(0, s.marks - 1)
        if subscribed.HasField("error"):
            s.attached, s.given_up = False, True
            raise Refused(subscribed.error)

    def _take_deliver(self, deliver):
        if deliver.HasField("head"):
            self._see(deliver.head)
        s = self.subscriptions.get(deliver.subscription)
        if not s or s.marks or s.given_up or self.leaving:
            return
        for delivery in deliver.deliveries:
            if delivery.seq <= self.store.done(s.name):
                continue
            try:
                self._hand_over(s, delivery)
            except Later as later:
                self._nack(s, delivery.seq, later)
                return
            except BaseException:
                self._drop()  # what was not done comes again
                raise
        last = deliver.deliveries[-1].seq
        self._send(ack=frame_pb2.Ack(subscription=s.name, through_seq=last))

    def _hand_over(self, s, delivery):
        """The effect and the mark in one transaction: done once, whenever this process ends."""
        with self.store.transaction() as db:
            s.handler(delivery, event_pb2.Envelope.FromString(delivery.envelope), db)
            self.store.set_done(s.name, delivery.seq)

    def _nack(self, s, seq, later):
        """Section 9.3: what was on its way is dropped until Subscribed marks the new beginning."""
        self._send(
            nack=frame_pb2.Nack(
                subscription=s.name,
                seq=seq,
                reason=later.reason[:120],
                retry_after_ms=later.after_ms,
            )
        )
        self._subscribe(s)

    def _take_caught_up(self, caught_up):
        s = self.subscriptions.get(caught_up.subscription)
        if s and not s.marks:
            s.caught_up = True

    # ---- asking ------------------------------------------------------------------------------

    def _ask(self, field, message, seconds):
        end = time.monotonic() + seconds
        while True:
            self.connect(end - time.monotonic())
            self.request_no += 1
            message.request_no = self.request_no
            self.reply = None
            link = self.link
            self._send(**{field: message})
            self.run(lambda: self.reply or self.link is not link, end - time.monotonic())
            reply = self.reply
            if not reply:
                continue  # the connection broke: ask again
            if not reply.HasField("error"):
                return reply
            if not reply.error.retry_after_ms:
                raise Refused(reply.error)
            time.sleep(reply.error.retry_after_ms / 1000)

    def _take_query_result(self, result):
        if result.request_no == self.request_no:
            self.reply = result
            for block in result.blocks:
                self._see(block)

    def _take_admin_result(self, result):
        if result.request_no == self.request_no:
            self.reply = result
