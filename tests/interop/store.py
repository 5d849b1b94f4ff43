"""What a client keeps on disk (docs/PROTOCOL.md, sections 1 and 5.3): one SQLite file.

Every method that writes is one transaction; `PRAGMA synchronous = FULL` makes it durable before
it returns, so whatever was promised survives the end of the process at any moment.
"""

import sqlite3
from contextlib import contextmanager

from sinergi.v1 import block_pb2, frame_pb2

import frames
from events import digest_of, new_id
from receipts import Block, Receipt

_TABLES = """
CREATE TABLE IF NOT EXISTS outboxes (no INTEGER PRIMARY KEY, id BLOB UNIQUE, last INTEGER);
CREATE TABLE IF NOT EXISTS frames (outbox INTEGER, first INTEGER, count INTEGER, body BLOB,
    answered INTEGER DEFAULT 0, PRIMARY KEY (outbox, first));
CREATE TABLE IF NOT EXISTS events (outbox INTEGER, number INTEGER, clear BLOB, personal BLOB,
    outcome BLOB, block BLOB, PRIMARY KEY (outbox, number));
CREATE TABLE IF NOT EXISTS seen (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER,
    height INTEGER, hash BLOB);
CREATE TABLE IF NOT EXISTS subscriptions (name TEXT PRIMARY KEY, done INTEGER);
"""


class Store:
    def __init__(self, path, key, store_id):
        self.key, self.store_id = key, store_id
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript(_TABLES)

    def close(self):
        self.db.close()

    @contextmanager
    def transaction(self):
        """The connection; another one of this transaction joins it."""
        if self.db.in_transaction:
            yield self.db
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    # ---- outbox ------------------------------------------------------------------------------

    def new_outbox(self, now_ms):
        with self.transaction() as db:
            db.execute("INSERT INTO outboxes (id, last) VALUES (?, 0)", (new_id(now_ms),))

    def outboxes(self):
        """(id, last number), the current one first."""
        return self.db.execute("SELECT id, last FROM outboxes ORDER BY no DESC").fetchall()

    def append(self, events, now_ms):
        """Number, sign and store (clear, personal) pairs in one commit; their places."""
        with self.transaction() as db:
            if not self.outboxes():
                self.new_outbox(now_ms)
            no, outbox, last = db.execute(
                "SELECT no, id, last FROM outboxes ORDER BY no DESC LIMIT 1"
            ).fetchone()
            for i, (clear, personal) in enumerate(events):
                db.execute(
                    "INSERT INTO events (outbox, number, clear, personal) VALUES (?, ?, ?, ?)",
                    (no, last + 1 + i, clear, personal),
                )
            self._put_frames(no, outbox, last + 1, events)
            db.execute("UPDATE outboxes SET last = ? WHERE no = ?", (last + len(events), no))
        return [(outbox, last + 1 + i) for i in range(len(events))]

    def _put_frames(self, no, outbox, first, events):
        made = frames.cut_into_frames(self.key, self.store_id, outbox, first, events)
        self.db.executemany(
            "INSERT INTO frames (outbox, first, count, body) VALUES (?, ?, ?, ?)",
            [(no, *frame) for frame in made],
        )

    def unanswered(self):
        """(outbox id, first, count, body) of the frames to be sent, in order."""
        return self.db.execute(
            "SELECT id, first, count, body FROM frames JOIN outboxes ON no = outbox"
            " WHERE NOT answered ORDER BY no, first"
        ).fetchall()

    def parts(self, outbox, number):
        return self.db.execute(
            "SELECT clear, personal FROM events JOIN outboxes ON no = outbox"
            " WHERE id = ? AND number = ?",
            (outbox, number),
        ).fetchone()

    def cut(self, outbox, first, count, at):
        """Section 7.3: the frame becomes two, the second begins at `at`."""
        with self.transaction() as db:
            (no,) = db.execute("SELECT no FROM outboxes WHERE id = ?", (outbox,)).fetchone()
            db.execute("DELETE FROM frames WHERE outbox = ? AND first = ?", (no, first))
            for begin, end in ((first, at), (at, first + count)):
                events = [self.parts(outbox, n) for n in range(begin, end)]
                self._put_frames(no, outbox, begin, events)

    def send_again_from(self, outbox, number):
        """The broker has less than it had answered."""
        with self.transaction() as db:
            db.execute(
                "UPDATE frames SET answered = 0 WHERE first + count > ?"
                " AND outbox = (SELECT no FROM outboxes WHERE id = ?)",
                (number, outbox),
            )

    # ---- answers -----------------------------------------------------------------------------

    def answer(self, result, blocks, seen):
        """Outcomes of one frame with their blocks, and the newest block seen, in one commit.
        What was refused because other bytes stand at its place moves to the current outbox."""
        outbox = result.outbox_id
        with self.transaction() as db:
            (no,) = db.execute("SELECT no FROM outboxes WHERE id = ?", (outbox,)).fetchone()
            current = self.outboxes()[0][0]
            for outcome in result.outcomes:
                block = None
                if outcome.HasField("inclusion"):
                    block = blocks[outcome.inclusion.block_index].SerializeToString()
                db.execute(
                    "UPDATE events SET outcome = ?, block = ? WHERE outbox = ? AND number = ?",
                    (outcome.SerializeToString(), block, no, outcome.number),
                )
                taken = (outcome.error.code, outcome.error.object) == (
                    frames.E_DUPLICATE_CONFLICT,
                    "number",
                )
                if taken and outbox != current:
                    self.append([self.parts(outbox, outcome.number)], 0)
            db.execute(
                "UPDATE frames SET answered = 1 WHERE outbox = ? AND first = ?",
                (no, result.first_number),
            )
            self.remember(seen)

    def outcome(self, outbox, number):
        row = self.db.execute(
            "SELECT outcome FROM events JOIN outboxes ON no = outbox WHERE id = ? AND number = ?",
            (outbox, number),
        ).fetchone()
        return frame_pb2.Outcome.FromString(row[0]) if row and row[0] else None

    def receipt(self, outbox, number):
        """None when the event has none."""
        row = self.db.execute(
            "SELECT outcome, block, clear, personal FROM events JOIN outboxes ON no = outbox"
            " WHERE id = ? AND number = ?",
            (outbox, number),
        ).fetchone()
        if not row or not row[1]:
            return None
        outcome = frame_pb2.Outcome.FromString(row[0])
        return Receipt(
            agency=self.key.agency,
            outbox=outbox,
            number=number,
            seq=outcome.seq,
            accepted_ms=outcome.accepted_at_ms,
            digest=digest_of(row[2:]),
            rest_hash=outcome.inclusion.rest_hash,
            leaf_index=outcome.inclusion.leaf_index,
            path=outcome.inclusion.path,
            block=Block.of(block_pb2.SignedBlock.FromString(row[1])),
        )

    # ---- the newest block --------------------------------------------------------------------

    def seen(self):
        """(epoch, height, hash) or None."""
        return self.db.execute("SELECT epoch, height, hash FROM seen").fetchone()

    def remember(self, seen):
        if seen:
            with self.transaction() as db:
                db.execute("INSERT OR REPLACE INTO seen VALUES (1, ?, ?, ?)", seen)

    # ---- subscriptions -----------------------------------------------------------------------

    def done(self, name):
        row = self.db.execute("SELECT done FROM subscriptions WHERE name = ?", (name,)).fetchone()
        return row[0] if row else 0

    def set_done(self, name, seq):
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO subscriptions VALUES (?, ?)", (name, seq))
