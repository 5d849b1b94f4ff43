"""Subscribing: order, cursor, refusals, dead letters, take-over, credit; and questions."""

from sinergi.v1 import admin_pb2, event_pb2, frame_pb2, query_pb2, referral_pb2

import frames
from city import check, publish, raises, referral
from client import Later, Refused, TakenOver

BEGINNING = frame_pb2.START_FROM_BEGINNING


class Reader:
    """Keeps what it was handed; `fails` says for which alias and how often it fails first."""

    def __init__(self, **fails):
        self.seqs, self.aliases, self.fails, self.tries = [], [], fails, 0

    def __call__(self, delivery, envelope, db):
        alias = envelope.referral_submitted.person.alias
        self.tries += 1
        if self.fails.get(alias):
            self.fails[alias] -= 1
            raise Later("sibuk")
        self.seqs.append(delivery.seq)
        self.aliases.append(alias)


def refer(client, *aliases):
    outcomes = publish(client, *(referral(client, alias) for alias in aliases))
    return [o.seq for o in outcomes]


def receive(city):
    sender = city.client("satpolpp/python")
    client, reader = city.client("dinsos/python"), Reader()
    sub = client.subscribe("terima", reader, types=["referral.submitted"], start=BEGINNING)
    client.run(lambda: sub.caught_up)
    before = len(reader.seqs)
    check("all that there was comes, in order", before and reader.seqs == sorted(set(reader.seqs)))
    new = refer(sender, "Satu", "Dua")
    client.run(lambda: len(reader.seqs) >= before + 2)
    check("and what is new", reader.seqs[before:] == new, reader.seqs[before:])
    (page,) = client.query(query_pb2.QUERY_KIND_EVENT, seq=new[0])
    seen = event_pb2.Envelope.FromString(page.event)
    check("as cut for the case owner", seen.referral_submitted.person.alias == "Satu")
    check("with the broker's fields", seen.seq == new[0] and seen.HasField("accepted_at"))
    client.close()
    away = refer(sender, "Tiga", "Empat")
    back, again = city.client("dinsos/python"), Reader()
    sub = back.subscribe("terima", again, types=["referral.submitted"], start=BEGINNING)
    back.run(lambda: sub.caught_up)
    check("after a reconnect nothing is lost or repeated", again.seqs == away, again.seqs)

    # The connection breaks between the effect and the Ack: it comes again, and is passed over.
    send, deaf = back._send, []
    back._send = lambda **frame: deaf.append(1) if "ack" in frame else send(**frame)
    more = refer(sender, "Lima")
    back.run(lambda: deaf)
    back._send = send
    back._drop(0)
    sub.caught_up = False
    back.run(lambda: sub.caught_up)
    refer(sender, "Enam")
    back.run(lambda: "Enam" in again.aliases)
    check(
        "what was not acknowledged is not done twice",
        again.aliases == ["Tiga", "Empat", "Lima", "Enam"],
        again.aliases,
    )
    check("its seq is the one of then", again.seqs[2:3] == more)
    back.close()


def refuse(city):
    sender = city.client("satpolpp/python")
    refer(sender, "pangkal")
    client, reader = city.client("dinsos/python"), Reader(Kedua=2)
    sub = client.subscribe(
        "tolak", reader, types=["referral.submitted"], start=frame_pb2.START_FROM_NEW
    )
    client.run(lambda: sub.caught_up)
    seqs = refer(sender, "Pertama", "Kedua", "Ketiga") + refer(sender, "Keempat")
    client.run(lambda: len(reader.seqs) >= 4)
    check("what failed comes again and order is kept", reader.seqs == seqs, (reader.seqs, seqs))

    reader.fails["Beracun"] = 99
    (poison, behind) = refer(sender, "Beracun", "Di belakang")
    client.run(lambda: behind in reader.seqs)
    check("after five refusals delivery goes on", reader.fails["Beracun"] == 94, reader.fails)
    check("without what was refused", poison not in reader.seqs and reader.seqs[-1] == behind)
    letters = [
        d
        for page in client.query(query_pb2.QUERY_KIND_DEAD_LETTERS, subscription="tolak")
        for d in page.dead_letters
    ]
    check(
        "it is a dead letter",
        [(d.seq, d.type, d.reason, d.attempts) for d in letters]
        == [(poison, "referral.submitted", "sibuk", 5)],
        letters,
    )
    (page,) = client.query(query_pb2.QUERY_KIND_EVENT, seq=poison)
    check("that can be had by its seq", b"Beracun" in page.event)
    reader.seqs.clear()
    reader.fails.clear()
    client.close()
    anew = city.fresh("dinsos/python")
    sub = anew.subscribe("tolak", reader, types=["referral.submitted"], start=BEGINNING)
    anew.run(lambda: sub.caught_up)
    check("it does not come again with the next connection", poison not in reader.seqs, reader.seqs)
    anew.close()
    anew = city.fresh("dinsos/python")
    sub = anew.subscribe(
        "tolak",
        reader,
        types=["referral.submitted"],
        start=frame_pb2.START_FROM_SEQ,
        seq=poison,
        restart=True,
    )
    reader.seqs.clear()
    anew.run(lambda: sub.caught_up)
    check("but with `restart`", reader.seqs[:2] == [poison, behind], reader.seqs)
    anew.close()
    client.discard("tolak", poison)
    error = raises(Refused, client.discard, "tolak", poison)
    check("let go of once", error and error.error.name == "E_UNKNOWN_OBJECT", error)
    client.close()


def take_over(city):
    first, second = city.client("dinsos/python"), city.client("dinsos/kantor")
    sub = first.subscribe("rebut", Reader(), start=BEGINNING)
    first.run(lambda: sub.caught_up)
    second.subscribe("rebut", Reader(), start=BEGINNING)
    error = raises(Refused, second.run, seconds=10)
    check("another device holds it: E_IN_USE", error and error.error.code == frames.E_IN_USE, error)
    second.subscriptions.clear()
    reader = Reader()
    taken = second.subscribe("rebut", reader, start=BEGINNING, take_over=True)
    second.run(lambda: taken.caught_up)
    check("take_over takes it", taken.attached)
    views = [
        s for page in second.query(query_pb2.QUERY_KIND_SUBSCRIPTIONS) for s in page.subscriptions
    ]
    mine = [s for s in views if s.name == "rebut"]
    check(
        "the list of subscriptions says who holds it",
        mine and mine[0].holder_device == "kantor",
        views,
    )
    error = raises(TakenOver, first.run, seconds=10)
    check("the old one is told E_TAKEN_OVER", error and str(error) == "rebut", error)
    first.run(first.is_up, 10)
    check("and comes back without it", sub.given_up and not sub.attached)
    for name, how, code in (
        ("Rebut", {}, "E_SCHEMA"),
        ("rebut2", {"types": ["kursi.*"]}, "E_BAD_CODE"),
    ):
        first.subscribe(name, Reader(), **how)
        error = raises(Refused, first.run, seconds=10)
        check(f"a wrong subscription is {code}", error and error.error.name == code, error)
        first.subscriptions.pop(name)
    for i in range(15):
        first.subscribe(f"banyak-{i}", Reader(), start=frame_pb2.START_FROM_NEW)
    first.subscriptions.pop("rebut")
    first.run(first.all_caught_up)
    first.subscribe("banyak-15", Reader(), start=frame_pb2.START_FROM_NEW)
    first.subscribe("banyak-16", Reader(), start=frame_pb2.START_FROM_NEW)
    error = raises(Refused, first.run, seconds=10)
    check("a 17th on one connection is E_QUOTA", error and error.error.name == "E_QUOTA", error)
    second._send(ack=frame_pb2.Ack(subscription="rebut", through_seq=1 << 40))
    error = raises(Refused, second.run, seconds=10)
    check(
        "an Ack beyond what was sent is E_PROTOCOL",
        error and error.error.code == frames.E_PROTOCOL,
        error,
    )
    first.close()
    second.close()


def credit(city):
    """Eight Deliver frames that nobody acknowledges, and no ninth."""
    sender = city.client("satpolpp/python")
    client = city.client("dinsos/python")
    got = []
    client.subscribe("kredit", None, types=["referral.submitted"], start=frame_pb2.START_FROM_NEW)
    client._take_deliver, take = lambda d: got.append(d.deliveries[-1].seq), client._take_deliver
    client.run(client.all_caught_up)
    for i in range(10):
        refer(sender, f"Kredit {i}")
        if i < 8:
            client.run(lambda n=i: len(got) > n)
    list(client.query(query_pb2.QUERY_KIND_STATUS))  # answered behind all that was to be sent
    check("after eight frames without Ack nothing more comes", len(got) == 8, len(got))
    client._send(ack=frame_pb2.Ack(subscription="kredit", through_seq=got[0]))
    client.run(lambda: len(got) > 8)
    check("an Ack of one gives room for the rest", len(got) == 9)
    client._take_deliver = take
    client.close()


def questions(city):
    sender, client = city.client("satpolpp/python"), city.client("dinsos/python")
    sender.publish([referral(sender, f"Banyak {i}") for i in range(70)])
    sender.run(sender.all_answered)
    pages = list(client.query(query_pb2.QUERY_KIND_CASES))
    ids = [c.case_id for page in pages for c in page.cases]
    check(
        f"an answer of {len(ids)} cases comes in {len(pages)} pages",
        len(pages) > 1 and len(ids) > 70,
    )
    check("each case once", len(set(ids)) == len(ids))
    (page,) = client.query(query_pb2.QUERY_KIND_CASE, case_id=ids[0])
    check("one case whole", page.cases[0].case_id == ids[0] and page.cases[0].referrals)
    for name, kind, how, code in (
        ("what is not there", query_pb2.QUERY_KIND_EVENT, {"seq": 1 << 40}, "E_UNKNOWN_OBJECT"),
        (
            "a case of nobody",
            query_pb2.QUERY_KIND_CASE,
            {"case_id": b"\1" * 16},
            "E_UNKNOWN_OBJECT",
        ),
        ("no kind", query_pb2.QUERY_KIND_UNSPECIFIED, {}, "E_BAD_CODE"),
        ("a report that is none", query_pb2.QUERY_KIND_REPORT, {"report": "cuaca"}, "E_BAD_CODE"),
    ):
        error = raises(Refused, list, client.query(kind, **how))
        check(f"{name}: {code}", error and error.error.name == code, error)
    error = raises(Refused, list, sender.query(query_pb2.QUERY_KIND_PERSON, suspects=True))
    check(
        "persons are for the steward: E_FORBIDDEN",
        error and error.error.name == "E_FORBIDDEN",
        error,
    )
    report = list(client.query(query_pb2.QUERY_KIND_REPORT, report="spm"))
    check("a report comes with its head", report[0].report.name == "spm" and report[0].sections)
    error = raises(Refused, client.admin, admin_pb2.Admin(clock_accept=True))
    check(
        "administration is not for agencies: E_FORBIDDEN",
        error and error.error.name == "E_FORBIDDEN",
        error,
    )
    (others,) = sender.query(query_pb2.QUERY_KIND_SUBSCRIPTIONS)
    check("nobody sees the subscriptions of others", not others.subscriptions, others)
    list(client.query(query_pb2.QUERY_KIND_SLOTS))
    decided = event_pb2.Envelope(actor_ref="d-1")
    decided.referral_decided.referral_id = page.cases[0].referrals[0].referral_id
    decided.referral_decided.decision = referral_pb2.REFERRAL_DECISION_ACCEPTED
    check(
        "the case owner decides",
        publish(client, decided)[0].status == frame_pb2.OUTCOME_STATUS_ACCEPTED,
    )
    states = states_of(city)
    check(
        "the referrer is told of its referral",
        states and all(e.case_state_changed.referral_id for e in states),
        states,
    )
    check(
        "not of the case, and that something was left out",
        all(
            not e.case_state_changed.case_id and "case_state_changed.case_id" in e.redacted_paths
            for e in states
        ),
        states[:1],
    )
    check("by the broker itself", all(e.derived for e in states))
    client.close()
    sender.close()


def states_of(city):
    """What Satpol PP is told of the cases that came from its referrals."""
    sender, got = city.client("satpolpp/python"), []
    sub = sender.subscribe(
        "kasus",
        lambda delivery, envelope, db: got.append(envelope),
        types=["case.state_changed"],
        start=BEGINNING,
    )
    sender.run(lambda: sub.caught_up)
    sender.close()
    return got
