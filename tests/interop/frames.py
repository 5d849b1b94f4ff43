"""Frames: limits, encoding, signatures (docs/PROTOCOL.md, sections 4 and 7)."""

import struct

from sinergi.v1 import frame_pb2

from events import digest_of

PROTOCOL = 1
BODY_MAX = 65000
EVENT_MAX = 16384
FRAME_EVENTS_MAX = 48
UNANSWERED_FRAMES_MAX = 22
UNANSWERED_EVENTS_MAX = 1024

# Codes that a client acts on (section 14).
E_SCHEMA = 5
E_DUPLICATE_CONFLICT = 10
E_SEQ_GAP = 11
E_STORAGE = 60
E_PROTOCOL = 61
E_HELLO_FIRST = 62
E_IN_USE = 63
E_TAKEN_OVER = 64
E_BUSY = 65
E_QUOTA = 66
E_HISTORY = 67
E_SUSPENDED = 68
E_STOPPING = 70


def claim(store_id, agency, outbox, first, digests):
    """The bytes that the signature of a frame covers."""
    name = agency.encode()
    return (
        b"sinergi publish 1\0"
        + store_id
        + bytes([len(name)])
        + name
        + outbox
        + struct.pack(">QI", first, len(digests))
        + b"".join(digests)
    )


def publish_frame(key, store_id, outbox, first, events):
    """A signed ClientFrame as bytes. events: (clear, personal) pairs."""
    publish = frame_pb2.Publish(outbox_id=outbox, first_number=first)
    publish.signature = key.sign(
        claim(store_id, key.agency, outbox, first, [digest_of(parts) for parts in events])
    )
    for clear, personal in events:
        parts = publish.events.add(clear=clear)
        if personal:
            parts.personal = personal
    return frame_pb2.ClientFrame(publish=publish).SerializeToString()


def cut_into_frames(key, store_id, outbox, first, events):
    """All events of one commit as (first number, count, body), each frame within the limits."""
    frames, at = [], 0
    while at < len(events):
        count = min(FRAME_EVENTS_MAX, len(events) - at)
        while True:
            body = publish_frame(key, store_id, outbox, first + at, events[at : at + count])
            if len(body) <= BODY_MAX or count == 1:
                break
            count //= 2
        frames.append((first + at, count, body))
        at += count
    return frames
