"""Together with the command of the project, and processes that are killed in the middle."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
import uuid

from sinergi.v1 import frame_pb2

import frames
from city import check, event_json, publish, referral


def both_ways(city):
    client = city.client("satpolpp/python")
    outcome = publish(client, referral(client, "Dari Python"))[0]
    client.close()
    path = f"{city.states}/received.jsonl"
    got = city.sinergi(
        "dinsos", "--json", "-w", "30", "subscribe", "dua-arah", "--types", "referral.submitted",
        "--from", "beginning", "--until-caught-up", "--output", path,
    )  # fmt: skip
    with open(path) as file:
        events = [json.loads(line) for line in file]
    ours = [e for e in events if e["referralSubmitted"]["person"].get("alias") == "Dari Python"]
    check("an event of Python is received by `sinergi subscribe`", len(ours) == 1, got.stderr)
    check("with its seq", ours and ours[0]["seq"] == str(outcome.seq), ours)

    got = city.sinergi(
        "satpolpp", "--json", "-w", "20", "publish", "-", stdin=event_json("Dari perintah")
    )
    said = json.loads(got.stdout)
    reader, places = city.client("dinsos/python"), []

    def handle(delivery, envelope, db):
        if envelope.referral_submitted.person.alias == "Dari perintah":
            place = (str(uuid.UUID(bytes=delivery.place.outbox_id)), delivery.place.number)
            places.append((*place, delivery.seq))

    sub = reader.subscribe(
        "dua-arah-python", handle, types=["referral.*"], start=frame_pb2.START_FROM_BEGINNING
    )
    reader.run(lambda: sub.caught_up)
    check(
        "an event of `sinergi publish` is received by Python at its place",
        places == [(said["outbox"], said["number"], said["seq"])],
        (places, said),
    )
    reader.close()


def stopped(city):
    """The broker stops in good order, and comes back."""
    client, heard = city.client("satpolpp/python"), []
    client.connect()
    client._take_bye, take_bye = (
        lambda bye: (heard.append(bye.code), take_bye(bye)),
        client._take_bye,
    )
    for _ in range(5):  # the last words may go down with the connection
        city.process.terminate()
        client.run(lambda: heard or not client.is_up(), 10)
        city.process.wait()
        city.start()
        client.connect()
        check("the clients of a broker that stopped come back by themselves", client.is_up())
        if heard:
            break
    check("a broker that stops says Bye E_STOPPING", heard == [frames.E_STOPPING], heard)
    client.close()


def killed(city, rounds=4, count=120):
    """kill -9 of a publisher and of a receiver at random moments."""
    seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    outbox, inbox = city.state("satpolpp/python", "-killed"), city.state("dinsos/python", "-killed")

    def start(what, state):
        here = os.path.dirname(os.path.abspath(__file__))
        return subprocess.Popen(
            [sys.executable, f"{here}/child.py", what, city.work, state, str(count)]
        )

    for _ in range(rounds):
        children = [start("publish", outbox), start("receive", inbox)]
        for child in children:
            time.sleep(chance.uniform(0.2, 0.9))  # a random moment, not a wait
            child.kill()
            child.wait()
    children = [start("publish", outbox), start("receive", inbox)]
    ended = [child.wait(90) for child in children]
    check(f"killed at any moment, they end when left alone (seed {seed})", ended == [0, 0], ended)
    want = sorted(f"Bunuh {i}" for i in range(count))
    db = sqlite3.connect(inbox)
    had = sorted(alias for (alias,) in db.execute("SELECT alias FROM effects"))
    db.close()
    check(f"each event once, with one effect (seed {seed})", had == want, len(had))
    db = sqlite3.connect(outbox)
    ((id_,),) = db.execute("SELECT id FROM outboxes")
    db.close()
    city.stop()
    places = [
        (r["outbox"], r["number"])
        for r in city.journal()
        if r["outbox"] == str(uuid.UUID(bytes=id_))
    ]
    check(
        f"and once in the journal (seed {seed})",
        len(places) == len(set(places)) == count,
        len(places),
    )
