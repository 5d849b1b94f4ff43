"""Keys, the door, history, receipts and the chain of blocks."""

import copy
import json
import os
import subprocess
import time
from dataclasses import replace

from sinergi.v1 import frame_pb2, query_pb2

import frames
from city import check, event_json, publish, raises, referral
from client import HistoryDiffers, KeyRefused, OldProtocol, Refused, Timeout, WrongServer
from keys import KeyFileError, read_device_key
from receipts import Block, NotProven, Receipt

DOOR_S = 2.5  # what has to be named within 2 s, and a busy machine


def key_files(city):
    path = f"{city.work}/new.key"
    said = subprocess.run(
        [city.command, "keygen", "satpolpp/baru", path], capture_output=True, text=True, check=True
    ).stdout
    key = read_device_key(path)
    check(
        "a key file of `sinergi keygen` is read", (key.agency, key.device) == ("satpolpp", "baru")
    )
    check("its CURVE public key is the printed one", key.curve_public.hex() in said, said)
    check("its signing public key is the printed one", key.sign_public.hex() in said, said)
    os.chmod(path, 0o640)
    check("a key file that others can read is refused", raises(KeyFileError, read_device_key, path))
    os.chmod(path, 0o600)
    with open(path) as file:
        text = file.read()
    for name, changed in (
        ("without its first line", text.split("\n", 1)[1]),
        ("with a line more", text + "more 1\n"),
        ("with a short secret", text.replace("sign-seed ", "sign-seed 0", 1)[:-3] + "\n"),
        ("with its lines in another order", "\n".join(sorted(text.split("\n")))),
    ):
        with open(path, "w") as file:
            file.write(changed)
        check(f"a key file {name} is refused", raises(KeyFileError, read_device_key, path))
    with open(path, "w") as file:
        file.write(text)


def the_door(city):
    stranger = read_device_key(f"{city.work}/new.key")
    for name, kind, how in (
        ("an unknown key", KeyRefused, {"key": stranger}),
        ("a wrong server key", WrongServer, {"card": replace(city.card, curve=b"\xab" * 32)}),
    ):
        client = city.fresh("satpolpp/python", **how)
        start = time.monotonic()
        error = raises(kind, client.connect, 20)
        ms = int((time.monotonic() - start) * 1000)
        check(f"{name} is named ({ms} ms)", error and ms < DOOR_S * 1000)
    nobody = city.fresh("satpolpp/python", endpoint="tcp://127.0.0.1:9")
    nobody.publish([referral(nobody, "Menunggu")])
    check("without a broker there is no hang", raises(Timeout, nobody.connect, 1))
    check("and the event waits", len(nobody.store.unanswered()) == 1)


def greeting(city):
    client = city.fresh("satpolpp/python")
    client.connect()
    w = client.welcome
    check("Welcome says who one is", (w.agency, w.device) == ("satpolpp", "python"), w)
    check(
        "and the limits of the document",
        (w.limits.body_bytes, w.limits.event_bytes, w.limits.frame_events)
        == (frames.BODY_MAX, frames.EVENT_MAX, frames.FRAME_EVENTS_MAX)
        and (w.limits.unanswered_events, w.limits.unanswered_frames, w.limits.deliver_frames)
        == (frames.UNANSWERED_EVENTS_MAX, frames.UNANSWERED_FRAMES_MAX, 8),
        w.limits,
    )
    client._send(hello=frame_pb2.Hello(protocol=2))
    error = raises((OldProtocol, Refused), client.run, seconds=10)
    check("another protocol is refused with the right one", error and "1" in str(error), error)
    client.retry_at = 0
    client.connect()
    client._send(ping=frame_pb2.Ping(token=7), query=query_pb2.Query())
    check("two fields in a frame are E_PROTOCOL", raises(Refused, client.run, seconds=10))
    client.retry_at = 0
    client.connect()
    client.link.send(b"\xff\xff\xff")
    check("so is what is no frame", raises(Refused, client.run, seconds=10))

    # Without a session: the raw connection, and its first frame is a Ping.
    client.retry_at = 0
    client._greet, greet = lambda: client._send(ping=frame_pb2.Ping(token=1)), client._greet
    heard = []
    client._take_bye, take_bye = lambda bye: heard.append(bye.code), client._take_bye
    client.run(lambda: heard, 10)
    check("a first frame that is no Hello is E_HELLO_FIRST", heard == [frames.E_HELLO_FIRST], heard)
    client._greet, client._take_bye = greet, take_bye
    client._greet()
    client.connect()
    check("and Hello is welcome on the same connection", client.is_up())
    client.close()
    check("Bye is answered", client.left)


def history(city):
    client = city.client("satpolpp/python", name="-history")
    publish(client, referral(client, "Sejarah"))
    seen = client.store.seen()
    check("the newest block is remembered", seen and seen[1] >= 1 and len(seen[2]) == 32, seen)
    client.close()
    again = city.client("satpolpp/python", name="-history")
    again.connect()
    check("and found again in the broker's history", again.is_up())
    again.close()
    again.store.remember((seen[0], seen[1], b"\1" * 32))
    other = city.client("satpolpp/python", name="-history")
    check("another hash at its height is loud", raises(HistoryDiffers, other.connect, 10))
    check("and the next attempt is not at once", other.retry_at > time.monotonic() + 20)
    again.store.remember((seen[0], seen[1] + 1000000, seen[2]))
    beyond = city.client("satpolpp/python", name="-history")
    check("a block that is not there is loud", raises(HistoryDiffers, beyond.connect, 10))
    wrong = city.fresh("satpolpp/python", card=replace(city.card, store=b"\2" * 16))
    check("another store is loud", raises(HistoryDiffers, wrong.connect, 10))
    wrong = city.fresh("satpolpp/python", card=replace(city.card, sign=bytes(32)))
    check("a head signed by somebody else is loud", raises(HistoryDiffers, wrong.connect, 10))


def tampered(receipt):
    """(name, receipt) with one member changed, each."""

    def flip(value):
        if isinstance(value, bytes):
            return bytes([value[0] ^ 1]) + value[1:] if value else bytes(32)
        return value + 1

    for name in ("outbox", "number", "seq", "accepted_ms", "digest", "rest_hash", "leaf_index"):
        yield name, replace(receipt, **{name: flip(getattr(receipt, name))})
    yield "path", replace(receipt, path=flip(receipt.path))
    yield "path too long", replace(receipt, path=receipt.path + bytes(32))
    for name in Block.__dataclass_fields__:
        block = replace(receipt.block, **{name: flip(getattr(receipt.block, name))})
        yield "block." + name, replace(receipt, block=block)


def receipts(city):
    client = city.client("satpolpp/python")
    places = client.publish([referral(client, f"Kuitansi {i}") for i in range(5)])
    client.run(client.all_answered)
    for place in places[:2]:
        receipt = client.store.receipt(*place)
        receipt.check(city.card.sign)
        missed = [n for n, r in tampered(receipt) if not raises(NotProven, r.check, city.card.sign)]
        check(f"each changed member of receipt {place[1]} is noticed", not missed, missed)
    check("another key does not verify it", raises(NotProven, receipt.check, bytes(32)))
    check("nor is it for other bytes", raises(NotProven, receipt.check, city.card.sign, bytes(32)))
    back = Receipt.of_json(json.loads(json.dumps(receipt.json())))
    check("its JSON comes back", back == receipt)

    # Both ways with the command.
    path = f"{city.states}/receipt.json"
    data = receipt.json()
    with open(path, "w") as file:
        json.dump(data, file)
    got = city.sinergi("dinsos", "receipt", "verify", path)
    check("`sinergi receipt verify` takes ours", got.returncode == 0, got.stderr)
    bad = copy.deepcopy(data)
    bad["number"] = str(int(bad["number"]) + 1)
    with open(path, "w") as file:
        json.dump(bad, file)
    got = city.sinergi("dinsos", "receipt", "verify", path)
    check("and refuses a changed one", got.returncode != 0, got.stdout)


def receipt_of_the_command(city):
    got = city.sinergi(
        "satpolpp", "--json", "-w", "20", "publish", "-", stdin=event_json("Perintah")
    )
    number = json.loads(got.stdout)["number"]
    shown = city.sinergi("satpolpp", "receipt", "show", str(number))
    receipt = Receipt.of_json(json.loads(shown.stdout))
    receipt.check(city.card.sign)
    check("a receipt of `sinergi receipt show` holds", receipt.number == number)
    missed = [n for n, r in tampered(receipt) if not raises(NotProven, r.check, city.card.sign)]
    check("and each changed member of it is noticed", not missed, missed)


def the_chain(city):
    client = city.client("satpolpp/python")
    blocks, before = [], None
    for page in client.query(query_pb2.QUERY_KIND_BLOCKS):
        blocks += [Block.of(b) for b in page.blocks]
    for block in blocks:
        block.check(city.card.sign)
        block.check_follows(before)
        before = block
    check(f"the chain of {len(blocks)} blocks holds from the first on", len(blocks) > 3)
    check("to the newest one that was seen", (before.height, before.hash) == client.seen[1:])
    middle = len(blocks) // 2
    changed = replace(blocks[middle], time_ms=blocks[middle].time_ms + 1)
    check(
        "a changed block is noticed by its signature",
        raises(NotProven, changed.check, city.card.sign),
    )
    check(
        "and by the block above",
        raises(NotProven, blocks[middle + 1].check_follows, changed),
    )
    check(
        "a block that is left out is noticed",
        raises(NotProven, blocks[middle + 1].check_follows, blocks[middle - 1]),
    )
