"""The bytes of tests/vectors, made from fixed inputs by this client.

`check_all` compares them with the committed files; the unit tests of the project compute the same
with its own code (tests/unit/test_vectors.c). To write the files after a change of what they show:

    PYTHONPATH=build/interop /usr/bin/python3 tests/interop/vectors.py --write
"""

import json
import sys

import nacl.signing
from sinergi.v1 import common_pb2, event_pb2, frame_pb2, person_pb2, referral_pb2
from sinergi.v1 import training_pb2

import frames
from events import digest_of, join, split, split_message
from keys import parse_device_key
from receipts import H, Block, NotProven, Receipt, leaf_hash, tree_path, tree_root

FOLDER = "tests/vectors/"
STORE = bytes.fromhex("018ce6f000007000800000000000000a")
OUTBOX = bytes.fromhex("018ce6f000007000800000000000000b")
OBJECT = bytes.fromhex("018ce6f0000070008000000000000001")
TIME_MS, FIRST = 1704675600123, 7
TREES = (1, 2, 3, 6, 7, 8, 9, 16, 17, 33, 48)

KEY_FILE = (
    "sinergi-device-key 1\nagency satpolpp\ndevice posko-1\n"
    f"curve-secret {bytes(range(32, 64)).hex()}\nsign-seed {bytes(range(1, 33)).hex()}\n"
)
BROKER = nacl.signing.SigningKey(bytes(range(64, 96)))


# ---- events ----------------------------------------------------------------------------------


def envelope(topic, agency, **more):
    e = event_pb2.Envelope(
        type=topic,
        schema_minor=0,
        publisher_agency=agency,
        actor_ref="sp-1",
        time_quality=event_pb2.TIME_QUALITY_EXACT,
        **more,
    )
    e.occurred_at.FromMilliseconds(TIME_MS)
    e.recorded_at.FromMilliseconds(TIME_MS)
    return e


def referral(person):
    e = envelope("referral.submitted", "satpolpp", legal_basis=event_pb2.LEGAL_BASIS_PUBLIC_TASK)
    e.referral_submitted.CopyFrom(
        referral_pb2.ReferralSubmitted(
            referral_id=OBJECT,
            kind=referral_pb2.REFERRAL_KIND_INTAKE,
            target_agency="dinsos",
            priority=referral_pb2.PRIORITY_NORMAL_14D,
            person=person,
            suspected_ppks=[common_pb2.PPKS_11, common_pb2.PPKS_12],
            found_region="14.71.08",
            activity=referral_pb2.ACTIVITY_BEGGING,
            children_with=0,
            urgent_needs=[referral_pb2.URGENT_NEED_MEDICAL],
        )
    )
    return e


def whole_person():
    return person_pb2.PersonIdentity(
        full_name="Budi Santoso",
        name_quality=person_pb2.NAME_QUALITY_FULL,
        sex=common_pb2.SEX_MALE,
        birth_date=common_pb2.Date(year=1995, month=4, day=10),
        birth_quality=person_pb2.BIRTH_QUALITY_EXACT,
        nik_status=person_pb2.NIK_STATUS_NONE,
        other_docs=[
            person_pb2.OtherDocument(type=person_pb2.OtherDocument.TYPE_KK, number="12"),
            person_pb2.OtherDocument(type=person_pb2.OtherDocument.TYPE_SIM, number="34"),
        ],
    )


def slot():
    e = envelope("slot.offered", "disnaker")
    e.slot_offered.CopyFrom(
        training_pb2.TrainingSlotOffered(
            slot_id=OBJECT,
            course_code="MOTORCYCLE_SERVICE",
            venue_region="14.71.10",
            venue_name="BLK",
            starts_on=common_pb2.Date(year=2024, month=2, day=5),
            ends_on=common_pb2.Date(year=2024, month=3, day=1),
            lesson_hours=240,
            class_size=16,
            capacity_offered=2,
            late_entry_until=common_pb2.Date(year=2024, month=2, day=9),
            hold_hours=72,
            sex=training_pb2.SEX_RULE_MALE,
            min_age=18,
            max_age=40,
            regions=["14.71", "14.71.08"],
            documents_waivable=True,
            exclude_same_course=True,
            cooldown_months=0,
            certificate=training_pb2.TrainingSlotOffered.CERTIFICATE_ATTENDANCE,
            desk="0761",
        )
    )
    e.slot_offered.registration_closes_at.FromMilliseconds(TIME_MS + 86400000)
    return e


def slot_with_note():
    e = slot()
    e.legal_basis, e.note = event_pb2.LEGAL_BASIS_PUBLIC_TASK, "ruang lantai 2"
    return e


def slot_changed():
    e = envelope(
        "slot.changed",
        "disnaker",
        legal_basis=event_pb2.LEGAL_BASIS_PUBLIC_TASK,
        expected_version=3,
    )
    e.slot_changed.slot_id, e.slot_changed.reason = OBJECT, "ruang lebih besar"
    e.slot_changed.regions.values.append("14.71")
    e.slot_changed.required_documents.SetInParent()  # there and empty
    return e


def correction():
    e = envelope("event.corrected", "satpolpp", legal_basis=event_pb2.LEGAL_BASIS_PUBLIC_TASK)
    c = e.event_corrected
    c.corrected.outbox_id, c.corrected.number = OUTBOX, FIRST
    c.action, c.reason = c.ACTION_REPLACE, c.REASON_TYPO
    c.discovered_at.FromMilliseconds(TIME_MS)
    right = referral(whole_person()).referral_submitted
    right.person.full_name = "Budi Santosa"
    clear, personal = split_message(right)
    c.replacement.clear = clear.SerializeToString()
    c.replacement.personal = personal.SerializeToString()
    return e


EVENTS = (
    ("slot", "no personal field: no personal part", slot),
    (
        "note",
        "a personal field of the envelope alone: no payload in the personal part",
        slot_with_note,
    ),
    ("referral", "a payload and a sub-message in both parts", lambda: referral(whole_person())),
    (
        "alias",
        "a sub-message with personal fields alone: it stands in the clear part, empty",
        lambda: referral(person_pb2.PersonIdentity(alias="Budi")),
    ),
    (
        "nobody",
        "a sub-message without personal fields: it does not stand in the personal part",
        lambda: referral(person_pb2.PersonIdentity(name_quality=person_pb2.NAME_QUALITY_UNKNOWN)),
    ),
    ("changed", "empty sub-messages of one class are kept", slot_changed),
    ("correction", "the payload of a correction, split into two byte strings", correction),
)


def packed(personal):
    """The same personal part with its repeated enum packed, as other encoders write it."""
    p = event_pb2.Envelope.FromString(personal)
    values = bytes(p.referral_submitted.suspected_ppks)
    p.referral_submitted.ClearField("suspected_ppks")
    inside = p.referral_submitted.SerializeToString() + bytes([6 << 3 | 2, len(values)]) + values
    p.ClearField("referral_submitted")
    return p.SerializeToString() + b"\xaa\x06" + bytes([len(inside)]) + inside


# ---- the files -------------------------------------------------------------------------------


def made_keys():
    key = parse_device_key(KEY_FILE)
    yield "What follows from device.key, and the broker's key of receipt.json and frame.txt."
    yield "curve-secret", key.curve_secret
    yield "curve-public", key.curve_public
    yield "sign-seed", bytes(key.signing)
    yield "sign-public", key.sign_public
    yield "key-id", key.key_id
    yield "broker-sign-seed", bytes(BROKER)
    yield "broker-sign-public", bytes(BROKER.verify_key)
    yield "H of no bytes, and of the three letters abc."
    yield "hash-nothing", H(b"")
    yield "hash-abc", H(b"abc")


def made_trees():
    leaves = [H(f"leaf {i}".encode()) for i in range(max(TREES))]
    yield 'Leaf i is H("leaf i"). root-N is over the first N leaves, path-N-I from leaf I to it.'
    for count in TREES:
        yield f"root-{count}", tree_root(leaves[:count])
        for index in sorted({0, count // 2, count - 1}):
            if count > 1:
                yield f"path-{count}-{index}", tree_path(leaves[:count], index)


def made_events():
    yield "NAME-envelope is whole; with NAME-salt it is split into NAME-clear and NAME-personal."
    for i, (name, what, make) in enumerate(EVENTS):
        whole, salt = make(), bytes([i + 1]) * 16
        clear, personal = split(whole, salt)
        yield what
        yield f"{name}-envelope", whole.SerializeToString()
        if personal:
            yield f"{name}-salt", salt
        yield f"{name}-clear", clear
        if personal:
            yield f"{name}-personal", personal
        yield f"{name}-digest", digest_of((clear, personal))
    clear, personal = split(referral(whole_person()), b"\3" * 16)
    yield "the personal part of referral with a packed field: other bytes, the same event"
    yield "packed-personal", packed(personal)
    yield "packed-digest", digest_of((clear, packed(personal)))


def parts_of_frame():
    return [split(referral(whole_person()), b"\3" * 16), split(correction(), b"\7" * 16)]


def made_block(parts):
    """Three records; the first event of the frame is the one in the middle."""
    digest, rest = digest_of(parts[0]), H(b"rest")
    leaf = leaf_hash(1002, TIME_MS, OUTBOX, FIRST, digest, rest)
    leaves = [H(b"leaf 0"), leaf, H(b"leaf 2")]
    unsigned = Block(STORE, 1, 42, 1001, 3, TIME_MS, tree_root(leaves), H(b"before"), b"")
    block = Block(
        *(getattr(unsigned, n) for n in list(Block.__dataclass_fields__)[:-1]),
        BROKER.sign(unsigned.header).signature,
    )
    receipt = Receipt(
        "satpolpp", OUTBOX, FIRST, 1002, TIME_MS, digest, rest, 1, tree_path(leaves, 1), block
    )
    return block, receipt


def made_answer(block, receipt):
    result = frame_pb2.PublishResult(outbox_id=OUTBOX, first_number=FIRST)
    good = result.outcomes.add(
        number=FIRST,
        status=frame_pb2.OUTCOME_STATUS_ACCEPTED,
        seq=receipt.seq,
        accepted_at_ms=TIME_MS,
    )
    good.minted.add(kind=frame_pb2.Minted.KIND_PERSON_REF, id=b"\x0c" * 16)
    good.inclusion.block_index, good.inclusion.leaf_index = 0, receipt.leaf_index
    good.inclusion.rest_hash, good.inclusion.path = receipt.rest_hash, receipt.path
    bad = result.outcomes.add(number=FIRST + 1, status=frame_pb2.OUTCOME_STATUS_REJECTED, seq=0)
    bad.error.code, bad.error.name, bad.error.detail = (
        41,
        "E_CORRECTION_DEPENDS",
        "referral.decided 1000",
    )
    result.blocks.add(**{n: getattr(block, n) for n in Block.__dataclass_fields__})
    return frame_pb2.ServerFrame(publish_result=result).SerializeToString()


def made_frame():
    key, parts = parse_device_key(KEY_FILE), parts_of_frame()
    block, receipt = made_block(parts)
    claim = frames.claim(STORE, key.agency, OUTBOX, FIRST, [digest_of(p) for p in parts])
    yield "The events referral and correction as one frame of satpolpp, first number 7."
    yield "store-id", STORE
    yield "outbox-id", OUTBOX
    yield "claim", claim
    yield "signature", key.sign(claim)
    yield "publish", frames.publish_frame(key, STORE, OUTBOX, FIRST, parts)
    yield "An answer to it: number 7 is accepted (receipt.json), number 8 is refused."
    yield "answer", made_answer(block, receipt)
    yield "block-header", block.header
    yield "block-hash", block.hash
    yield "block-signature", block.signature


def lines_of(made):
    return "".join(
        f"# {row}\n" if isinstance(row, str) else f"{row[0]} {row[1].hex()}\n" for row in made
    )


def made():
    _, receipt = made_block(parts_of_frame())
    return {
        "device.key": KEY_FILE,
        "keys.txt": lines_of(made_keys()),
        "trees.txt": lines_of(made_trees()),
        "events.txt": lines_of(made_events()),
        "frame.txt": lines_of(made_frame()),
        "receipt.json": json.dumps(receipt.json(), indent=2) + "\n",
    }


# ---- checking --------------------------------------------------------------------------------


def read(file):
    with open(FOLDER + file, encoding="ascii") as lines:
        pairs = (line.split() for line in lines if not line.startswith("#"))
        return {name: bytes.fromhex(value) for name, value in pairs}


def check_sign():
    """sign.txt, which is older than this client: what it says is computed here too."""
    v = read("sign.txt")
    key = nacl.signing.SigningKey(v["sign-seed"])
    personal = [f"personal {i}".encode() if i != 2 else b"" for i in range(5)]
    digests = [digest_of((f"clear {i}".encode(), personal[i])) for i in range(5)]
    leaves = [
        leaf_hash(1001 + i, TIME_MS, OUTBOX, FIRST + i, digests[i], H(f"rest {i}".encode()))
        for i in range(5)
    ]
    block = Block(STORE, 1, 42, 1001, 5, TIME_MS, tree_root(leaves), v["previous-hash"], b"")
    claim = frames.claim(STORE, "satpolpp", OUTBOX, FIRST, digests)
    computed = {
        "sign-public": bytes(key.verify_key),
        "key-id": H(bytes(key.verify_key))[:8],
        "frame-signature": key.sign(claim).signature,
        "block-hash": block.hash,
        "block-signature": key.sign(block.header).signature,
    }
    for i in range(5):
        computed[f"digest-{i}"], computed[f"leaf-{i}"] = digests[i], leaves[i]
        computed[f"root-{i + 1}"] = tree_root(leaves[: i + 1])
        computed[f"path-{i}"] = tree_path(leaves, i)
    return [name for name, value in computed.items() if v[name] != value]


def check_all():
    from city import check

    wrong = check_sign()
    check("vectors: sign.txt is what this client computes", not wrong, wrong)

    for file, text in made().items():
        with open(FOLDER + file, encoding="ascii") as stored:
            check(f"vectors: {file} is what this client makes", stored.read() == text)
    events = read("events.txt")
    for name, _, _ in EVENTS:
        back = join(events[f"{name}-clear"], events.get(f"{name}-personal", b""))
        back.ClearField("salt")
        want = event_pb2.Envelope.FromString(events[f"{name}-envelope"])
        check(f"vectors: the parts of {name} join to the whole", back == want)
    same = join(events["referral-clear"], events["packed-personal"])
    check(
        "vectors: packed is the same event",
        same == join(events["referral-clear"], events["referral-personal"]),
    )
    with open(FOLDER + "receipt.json", encoding="ascii") as stored:
        receipt = Receipt.of_json(json.load(stored))
    try:
        receipt.check(read("keys.txt")["broker-sign-public"], events["referral-digest"])
        check("vectors: the receipt holds", True)
    except NotProven as error:
        check("vectors: the receipt holds", False, error)


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    for file_name, content in made().items():
        with open(FOLDER + file_name, "w", encoding="ascii") as out:
            out.write(content)
