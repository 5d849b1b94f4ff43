"""Publishing: outcomes, lost answers, gaps, places taken by others, a restored device."""

import shutil

from sinergi.v1 import (
    common_pb2,
    event_pb2,
    frame_pb2,
    query_pb2,
    rights_pb2,
    training_pb2,
)

import frames
from city import check, publish, raises, referral
from client import Timeout
from events import complete, join, new_id, split, split_message
from proxy import Proxy

ACCEPTED, DUPLICATE, PARKED, REJECTED = (
    frame_pb2.OUTCOME_STATUS_ACCEPTED,
    frame_pb2.OUTCOME_STATUS_DUPLICATE,
    frame_pb2.OUTCOME_STATUS_PARKED,
    frame_pb2.OUTCOME_STATUS_REJECTED,
)


def good_and_bad(city):
    client = city.client("satpolpp/python")
    good = referral(client, "Budi")
    clear, personal = split(good)
    check("the name travels in the personal part", b"Budi" in personal and b"Budi" not in clear)
    check("with salt that differs", split(good)[1] != personal)
    bad = [
        (
            referral(client, "A", found_region="14.71.16"),
            "E_BAD_CODE",
            "referral_submitted.found_region",
        ),
        (referral(client, "B", children_with=21), "E_SCHEMA", "referral_submitted.children_with"),
        (referral(client, "C"), "E_MISSING_FIELD", "referral_submitted.priority"),
        (
            referral(client, "D", target_agency="pemadam"),
            "E_BAD_CODE",
            "referral_submitted.target_agency",
        ),
    ]
    bad[2][0].referral_submitted.ClearField("priority")
    outcomes = publish(client, good, *(e for e, _, _ in bad), referral(client, "Siti"))
    first, last = outcomes[0], outcomes[-1]
    check("a referral with a personal part is accepted", first.status == ACCEPTED, first)
    check("with a receipt and the person's pseudonym", first.inclusion.rest_hash and first.minted)
    for outcome, (_, code, field) in zip(outcomes[1:], bad):
        check(
            f"{code} names {field}",
            outcome.status == REJECTED
            and (outcome.error.name, outcome.error.object) == (code, field),
            outcome,
        )
        check("in both languages", outcome.error.text_id and outcome.error.text_en)
    check("its neighbours go on", last.status == ACCEPTED, last)
    again = publish(client, good)[0]
    check(
        "the same object again is DUPLICATE at its first place",
        again.status == DUPLICATE and again.first_place.number == first.number and not again.seq,
        again,
    )
    body = client.store.db.execute("SELECT body FROM frames ORDER BY first DESC").fetchone()[0]
    then = send_raw(client, body).outcomes[0]
    check(
        "resent, that is DUPLICATE without more",
        then.status == DUPLICATE
        and not then.seq
        and not then.HasField("first_place")
        and not then.HasField("error"),
        then,
    )
    changed = event_pb2.Envelope()
    changed.CopyFrom(good)
    changed.referral_submitted.found_region = "14.71.09"
    conflict = publish(client, changed)[0]
    check(
        "with other content it is E_DUPLICATE_CONFLICT of the object",
        conflict.error.code == frames.E_DUPLICATE_CONFLICT and conflict.error.object != "number",
        conflict,
    )


def wrong_parts(city):
    client = city.client("satpolpp/python")

    def parts_of(alias):
        return split(complete(referral(client, alias), "satpolpp", client.now_ms()))

    whole = complete(referral(client, "X"), "satpolpp", client.now_ms())
    foreign = split(complete(referral(client, "W"), "dinsos", client.now_ms()))
    (place,) = client.store.append([foreign], client.now_ms())
    client.run(client.all_answered)
    error = client.store.outcome(*place).error
    check(
        "an event in the name of another agency is E_AUTH_MISMATCH",
        (error.name, error.object) == ("E_AUTH_MISMATCH", "publisher_agency"),
        error,
    )
    clear, personal = parts_of("Y")
    salt_alone = event_pb2.Envelope(salt=bytes(16)).SerializeToString()
    rows = [
        ("all in the clear part", (whole.SerializeToString(), b""), "WRONG_PART"),
        ("the parts exchanged", (personal, clear), "WRONG_PART"),
        ("a field that is unknown", (clear + b"\xf8\xff\x01\x01", personal), "UNKNOWN_FIELD"),
        (
            "a field that stands twice",
            (clear + clear[:2] + clear[2 : 2 + clear[1]], personal),
            "REPEATED",
        ),
        ("salt alone", (clear, salt_alone), "EMPTY"),
    ]
    places = client.store.append([parts for _, parts, _ in rows], client.now_ms())
    client.run(client.all_answered)
    for (name, _, detail), place in zip(rows, places):
        error = client.store.outcome(*place).error
        check(
            f"{name} is refused ({detail})",
            (error.name, error.detail) == ("E_SCHEMA", detail),
            error,
        )


def lost_answers(city):
    """The broker has decided, and the answer never arrives."""
    port = int(city.card.endpoint.rsplit(":", 1)[1])
    watcher = city.client("dinsos/python")
    for name, between in (
        ("the line is cut", lambda: None),
        ("the broker is killed", lambda: (city.kill(), city.start())),
    ):
        proxy = Proxy(port)
        client = city.client("satpolpp/python", endpoint=proxy.endpoint)
        client.connect()
        before = city.last_seq(watcher)
        proxy.hold_answers()
        (good, bad) = client.publish(
            [referral(client, f"Hilang: {name}"), referral(client, "x", found_region="99.99.99")]
        )
        body = client.store.unanswered()[0][3]
        client._send_frames()
        taken = any(city.last_seq(watcher) != before for _ in range(10000))
        check(f"{name}: the broker has taken the frame", taken)
        check(f"{name}: nothing came", raises(Timeout, client.run, client.all_answered, 0.3))
        between()
        proxy.cut()
        (page,) = watcher.query(
            query_pb2.QUERY_KIND_EVENT, place=common_pb2.EventRef(outbox_id=good[0], number=good[1])
        )
        seq = event_pb2.Envelope.FromString(page.event).seq
        check(f"{name}: the same bytes wait", client.store.unanswered()[0][3] == body)
        client.run(client.all_answered)
        outcome = client.store.outcome(*good)
        check(f"{name}: sent again it is DUPLICATE", outcome.status == DUPLICATE, outcome)
        check(
            f"{name}: with the outcome of then",
            outcome.seq == seq
            and not outcome.HasField("error")
            and not outcome.parked
            and outcome.minted,
            outcome,
        )
        client.store.receipt(*good).check(city.card.sign)
        check(f"{name}: and a receipt that holds", True)
        refused = client.store.outcome(*bad)
        check(
            f"{name}: the refusal of then is repeated",
            refused.status == DUPLICATE and refused.error.name == "E_BAD_CODE" and not refused.seq,
            refused,
        )
        client.close()
        proxy.close()


def send_raw(client, body):
    """A frame past the outbox, which waits meanwhile, and its PublishResult."""
    got, client.hold_until = [], float("inf")
    client._take_publish_result, take = got.append, client._take_publish_result
    client.link.send(body)
    client.run(lambda: got, 10)
    client._take_publish_result, client.hold_until = take, 0.0
    return got[0]


def gaps(city):
    client = city.client("satpolpp/python")
    client.connect()
    parts = [
        split(complete(referral(client, f"Celah {i}"), "satpolpp", client.now_ms()))
        for i in range(3)
    ]

    # An earlier cut of the same events has arrived: the frame straddles what is known.
    places = client.store.append(parts, client.now_ms())
    outbox, first = places[0]
    one = frames.publish_frame(client.key, city.card.store, outbox, first, parts[:1])
    check("the first event alone is taken", send_raw(client, one).outcomes[0].status == ACCEPTED)
    whole = client.store.unanswered()[0][3]
    error = send_raw(client, whole).frame_error
    check(
        "a frame that straddles is E_SEQ_GAP with the next number",
        (error.code, error.expected_number) == (frames.E_SEQ_GAP, first + 1),
        error,
    )
    client.run(client.all_answered)
    got = [client.store.outcome(*place).status for place in places]
    check("cut there and sent, all are answered", got == [DUPLICATE, ACCEPTED, ACCEPTED], got)
    cut = client.store.db.execute(
        "SELECT first, count FROM frames WHERE first >= ? ORDER BY first", (first,)
    ).fetchall()
    check("by two new frames", cut == [(first, 1), (first + 1, 2)], cut)

    ahead = frames.publish_frame(client.key, city.card.store, outbox, first + 9, parts[:1])
    error = send_raw(client, ahead).frame_error
    check(
        "a number too far ahead is E_SEQ_GAP",
        (error.code, error.expected_number) == (frames.E_SEQ_GAP, first + 3),
        error,
    )
    other = split(complete(referral(client, "Isi lain"), "satpolpp", client.now_ms()))
    taken = frames.publish_frame(client.key, city.card.store, outbox, first, [other])
    outcome = send_raw(client, taken).outcomes[0]
    check(
        "other bytes at a taken place are E_DUPLICATE_CONFLICT",
        (outcome.status, outcome.error.code, outcome.error.object)
        == (REJECTED, frames.E_DUPLICATE_CONFLICT, "number"),
        outcome,
    )
    for name, body in (
        (
            "a changed signature",
            frames.publish_frame(client.key, bytes(16), outbox, first + 3, parts[:1]),
        ),
        ("no event", frames.publish_frame(client.key, city.card.store, outbox, first + 3, [])),
        (
            "49 events",
            frames.publish_frame(client.key, city.card.store, outbox, first + 3, [(b"", b"")] * 49),
        ),
    ):
        error = send_raw(client, body).frame_error
        check(f"{name}: the frame is E_PROTOCOL", error.code == frames.E_PROTOCOL, error)
    thief = city.fresh("dinsos/python")
    thief.connect()
    stolen = frames.publish_frame(thief.key, city.card.store, outbox, first + 3, parts[:1])
    error = send_raw(thief, stolen).frame_error
    check("an outbox belongs to one agency", error.name == "E_AUTH_MISMATCH", error)
    thief.close()
    check(
        "and nothing of all that used a number",
        publish(client, referral(client, "Z"))[0].status == ACCEPTED,
    )


def restored_device(city):
    device, name = "satpolpp/python", "-restored"
    path, image = city.state(device, name), city.state(device, "-image")
    client = city.client(device, name=name)
    publish(client, referral(client, "Sebelum"))
    client.close()
    client.store.close()
    waiting = city.client(device, name=name)
    (place,) = waiting.publish([referral(waiting, "Belum terkirim")])  # stays in the image
    waiting.store.close()
    shutil.copyfile(path, image)
    later = city.client(device, name=name)
    with later.store.transaction() as db:  # the device goes another way than its image
        db.execute("DELETE FROM frames WHERE NOT answered")
        db.execute("DELETE FROM events WHERE number = ?", (place[1],))
        db.execute("UPDATE outboxes SET last = ?", (place[1] - 1,))
    publish(later, *(referral(later, f"Sesudah {i}") for i in range(3)))
    later.close()
    later.store.close()
    shutil.copyfile(image, path)

    back = city.client(device, name=name)
    back.connect()
    ids = [outbox for outbox, _ in back.store.outboxes()]
    check("a restored device begins a new outbox", len(ids) == 2 and ids[0] != place[0], ids)
    back.run(back.all_answered)
    old = back.store.outcome(*place)
    check(
        "its old place is not its own any more", old.error.code == frames.E_DUPLICATE_CONFLICT, old
    )
    moved = back.store.outcome(ids[0], 1)
    check("and the event is published from the new one", moved and moved.status == ACCEPTED, moved)
    clear, personal = back.store.parts(ids[0], 1)
    check("as it was", join(clear, personal).referral_submitted.person.alias == "Belum terkirim")
    back.close()


def slot(client, slot_id):
    e = event_pb2.Envelope(actor_ref="t-1")
    e.slot_offered.CopyFrom(
        training_pb2.TrainingSlotOffered(
            slot_id=slot_id,
            course_code="MOTORCYCLE_SERVICE",
            venue_region="14.71.10",
            venue_name="BLK",
            starts_on=common_pb2.Date(year=2024, month=3, day=4),
            ends_on=common_pb2.Date(year=2024, month=4, day=5),
            lesson_hours=240,
            class_size=16,
            capacity_offered=2,
            late_entry_until=common_pb2.Date(year=2024, month=3, day=8),
            hold_hours=72,
            sex=training_pb2.SEX_RULE_MALE,
            min_age=18,
            max_age=40,
            documents_waivable=True,
            exclude_same_course=True,
            cooldown_months=0,
            certificate=training_pb2.TrainingSlotOffered.CERTIFICATE_ATTENDANCE,
            desk="0761",
        )
    )
    e.slot_offered.registration_closes_at.FromJsonString("2024-02-29T03:00:00Z")
    return e


def parked(city):
    client = city.client("disnaker/python")
    client.connect()
    slot_id = new_id(client.now_ms())
    change = event_pb2.Envelope(
        actor_ref="t-1", legal_basis=event_pb2.LEGAL_BASIS_PUBLIC_TASK, expected_version=1
    )
    change.slot_changed.slot_id = slot_id
    change.slot_changed.capacity_offered = 4
    change.slot_changed.reason = "ruang lebih besar"
    (place,) = client.publish([change])
    client.run(client.all_answered)
    waits = client.store.outcome(*place)
    check("a change of a slot that is not there yet is PARKED", waits.status == PARKED, waits)
    body = client.store.db.execute(
        "SELECT body FROM frames ORDER BY first DESC LIMIT 1"
    ).fetchone()[0]
    again = send_raw(client, body).outcomes[0]
    check("sent again it still waits", again.status == DUPLICATE and again.parked, again)

    told = []
    client.subscribe(
        "outcomes-python",
        lambda delivery, envelope, db: told.append(envelope.event_settled),
        types=["event.settled"],
        start=frame_pb2.START_FROM_SEQ,
        seq=waits.seq,
    )
    check("then the slot is offered", publish(client, slot(client, slot_id))[0].status == ACCEPTED)
    client.run(lambda: told, 10)
    check(
        "its publisher is told how it ended",
        (told[0].place.outbox_id, told[0].place.number) == place
        and told[0].outcome == type(told[0]).OUTCOME_ACCEPTED,
        told,
    )
    again = send_raw(client, body).outcomes[0]
    check(
        "sent again it is as accepted, with the seq of its settlement",
        again.status == DUPLICATE and not again.parked and again.seq == told[0].settled_seq,
        again,
    )
    check(
        "and with a receipt for the same place",
        client._is_included(place[0], again, send_raw(client, body)),
    )
    client.close()


def correction(city):
    client = city.client("satpolpp/python")
    original = referral(client, "Salah Eja")
    outcome = publish(client, original)[0]
    outbox = client.store.outboxes()[0][0]
    e = event_pb2.Envelope(actor_ref="sp-1", legal_basis=event_pb2.LEGAL_BASIS_PUBLIC_TASK)
    e.event_corrected.corrected.outbox_id = outbox
    e.event_corrected.corrected.number = outcome.number
    e.event_corrected.action = rights_pb2.EventCorrected.ACTION_REPLACE
    e.event_corrected.reason = rights_pb2.EventCorrected.REASON_TYPO
    e.event_corrected.discovered_at.FromMilliseconds(client.now_ms())
    right = original.referral_submitted
    right.person.alias = "Benar Eja"
    clear, personal = split_message(right)
    e.event_corrected.replacement.clear = clear.SerializeToString()
    e.event_corrected.replacement.personal = personal.SerializeToString()
    corrected = publish(client, e)[0]
    check(
        "a correction with a replacement in two parts is accepted",
        corrected.status == ACCEPTED,
        corrected,
    )
    reader = city.client("dinsos/python")
    (page,) = reader.query(query_pb2.QUERY_KIND_EVENT, seq=corrected.seq)
    seen = event_pb2.Envelope.FromString(page.event).event_corrected.replacement
    payload = type(right).FromString(seen.clear + seen.personal)
    check("the case owner reads it", payload.person.alias == "Benar Eja", payload)
    (page,) = reader.query(query_pb2.QUERY_KIND_EVENT, seq=outcome.seq)
    check(
        "and what became of the first", page.standing.corrected_seq == corrected.seq, page.standing
    )
    reader.close()
