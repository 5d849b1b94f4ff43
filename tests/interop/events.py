"""Events: ids, times, topics, and the two parts of an Envelope (docs/PROTOCOL.md, section 6)."""

import os
import struct

from sinergi.v1 import event_pb2, options_pb2

from receipts import event_digest

SALT_BYTES = 16
FIRST_PAYLOAD = 101
_CLEAR = (options_pb2.PD_CLASS_NONE, options_pb2.PD_CLASS_PSEUDONYMOUS)
_PERSONAL = (options_pb2.PD_CLASS_GENERAL, options_pb2.PD_CLASS_SPECIFIC)


def new_id(time_ms):
    """UUIDv7: 48 bits of time, then version, variant and random bits."""
    value = bytearray(struct.pack(">Q", time_ms)[2:] + os.urandom(10))
    value[6] = 0x70 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    return bytes(value)


def topic_of(envelope):
    names = [f.name for f, _ in envelope.ListFields() if f.number >= FIRST_PAYLOAD]
    if len(names) != 1:
        raise ValueError("want exactly one payload")
    return names[0].replace("_", ".", 1)


def complete(envelope, agency, now_ms):
    """Fill in what every event says and the caller left out."""
    envelope.type = topic_of(envelope)
    envelope.publisher_agency = agency
    if not envelope.HasField("schema_minor"):
        envelope.schema_minor = 0
    if not envelope.HasField("time_quality"):
        envelope.time_quality = event_pb2.TIME_QUALITY_EXACT
    for name in ("occurred_at", "recorded_at"):
        if not envelope.HasField(name):
            getattr(envelope, name).FromMilliseconds(now_ms)
    return envelope


# ---- clear and personal ----------------------------------------------------------------------


def class_of(field):
    return field.GetOptions().Extensions[options_pb2.pd]


def _copy(field, value, to):
    if field.label == field.LABEL_REPEATED:
        getattr(to, field.name).MergeFrom(value)
    elif field.message_type:
        getattr(to, field.name).CopyFrom(value)
    else:
        setattr(to, field.name, value)


def split_message(message):
    """(clear, personal) messages of the same type: also for the payload of a correction."""
    clear, personal = type(message)(), type(message)()
    for field, value in message.ListFields():
        pd_class = class_of(field)
        if pd_class in _CLEAR:
            _copy(field, value, clear)
        elif pd_class in _PERSONAL:
            _copy(field, value, personal)
        else:
            below_clear, below_personal = split_message(value)
            getattr(clear, field.name).CopyFrom(below_clear)
            getattr(clear, field.name).SetInParent()
            if below_personal.ListFields():
                getattr(personal, field.name).CopyFrom(below_personal)
    return clear, personal


def split(envelope, salt=None):
    """The two parts as bytes; the personal one is empty when nothing is personal."""
    whole = type(envelope)()
    whole.CopyFrom(envelope)
    whole.ClearField("salt")
    clear, personal = split_message(whole)
    if not personal.ListFields():
        return clear.SerializeToString(), b""
    personal.salt = salt or os.urandom(SALT_BYTES)
    return clear.SerializeToString(), personal.SerializeToString()


def join(clear, personal=b""):
    return event_pb2.Envelope.FromString(clear + personal)


def digest_of(parts):
    return event_digest(*parts)


def personal_fields():
    """The table of section 6.2: message -> (personal fields, {field that is split: message})."""
    found = {}

    def walk(descriptor):
        if descriptor.name in found:
            return
        personal = [f.name for f in descriptor.fields if class_of(f) in _PERSONAL]
        mixed = {f.name: f.message_type for f in descriptor.fields if not class_of(f)}
        found[descriptor.name] = personal, {name: d.name for name, d in mixed.items()}
        for below in mixed.values():
            walk(below)

    walk(event_pb2.Envelope.DESCRIPTOR)
    return {name: rows for name, rows in found.items() if rows[0] or rows[1]}
