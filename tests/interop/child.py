"""A process that is killed: publishes one event after the other, or receives into a table.

Usage: child.py publish|receive WORK STATE COUNT
"""

import sys

from sinergi.v1 import frame_pb2

from city import referral
from client import Client
from keys import read_card, read_device_key
from store import Store


def main():
    what, work, state, count = sys.argv[1:]
    agency = "satpolpp" if what == "publish" else "dinsos"
    key, card = read_device_key(f"{work}/{agency}/python.key"), read_card(
        f"{work}/{agency}/sinergi.conf"
    )
    client = Client(key, card, Store(state, key, card.store))
    if what == "publish":
        publish(client, int(count))
    else:
        receive(client, int(count))
    client.close()


def publish(client, count):
    """What is in the outbox already says where to go on."""
    client.connect()  # the time of a demo is known from there only
    taken = client.store.outboxes()[0][1] if client.store.outboxes() else 0
    for i in range(taken, count):
        client.publish([referral(client, f"Bunuh {i}")])
        client.turn()
    client.run(client.all_answered)


def receive(client, count):
    db = client.store.db
    db.execute("CREATE TABLE IF NOT EXISTS effects (alias TEXT)")

    def effects():
        return db.execute("SELECT count(*) FROM effects").fetchone()[0]

    def handle(delivery, envelope, db):
        alias = envelope.referral_submitted.person.alias
        if alias.startswith("Bunuh"):
            db.execute("INSERT INTO effects VALUES (?)", (alias,))

    client.subscribe(
        "bunuh", handle, types=["referral.submitted"], start=frame_pb2.START_FROM_BEGINNING
    )
    client.run(lambda: effects() >= count, 60)


main()
