"""The broker that is tested against, its command, and sample events (invented people)."""

import json
import subprocess
import tempfile
from datetime import datetime

from sinergi.v1 import common_pb2, event_pb2, person_pb2, query_pb2, referral_pb2

from client import Client
from events import new_id
from keys import Card, read_card, read_device_key
from store import Store

failures = 0


def check(name, good, more=""):
    """One line per claim; `more` says what came instead."""
    global failures
    if good:
        print(f"ok {name}", flush=True)
    else:
        failures += 1
        print(f"not ok {name}: {more}", flush=True)


def raises(kind, call, *args, **more):
    """The exception of this kind that the call ends with, or None."""
    try:
        call(*args, **more)
    except kind as error:
        return error
    return None


class City:
    """A folder made by tests/e2e/lib.sh: keys, configuration, a store; the daemon is ours."""

    def __init__(self, work, daemon, command, clock):
        self.work, self.daemon, self.command, self.clock = work, daemon, command, clock
        self.clock_ms = int(datetime.fromisoformat(clock).timestamp() * 1000)
        self.process = None
        self.states = tempfile.mkdtemp(dir=work)
        self.card = read_card(f"{work}/satpolpp/sinergi.conf")
        self.clients = []

    # ---- the daemon --------------------------------------------------------------------------

    def start(self):
        log = open(f"{self.work}/sinergid.log", "a")
        self.process = subprocess.Popen(
            [self.daemon, "-c", f"{self.work}/sinergid.conf", "--demo", "--clock", self.clock],
            stderr=log,
        )
        log.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    # ---- clients -----------------------------------------------------------------------------

    def key(self, device):
        """device: AGENCY/python, made for us, or AGENCY/kantor, that of the command."""
        agency, name = device.split("/")
        file = "device.key" if name == "kantor" else f"{name}.key"
        return read_device_key(f"{self.work}/{agency}/{file}")

    def state(self, device, name=""):
        return f"{self.states}/{device.replace('/', '-')}{name}.sqlite"

    def client(self, device, endpoint=None, name="", card=None, key=None):
        key = key or self.key(device)
        card = card or self.card
        if endpoint:
            card = Card(endpoint, card.curve, card.sign, card.store)
        client = Client(key, card, Store(self.state(device, name), key, card.store))
        client.server_ms, client.demo = self.clock_ms, True  # as Welcome will say
        self.clients.append(client)
        return client

    def fresh(self, device, **how):
        """A client that remembers nothing."""
        return self.client(device, name=f"-{len(self.clients)}", **how)

    def last_seq(self, client):
        (page,) = client.query(query_pb2.QUERY_KIND_STATUS)
        return page.status.last_seq

    # ---- the command -------------------------------------------------------------------------

    def sinergi(self, agency, *args, stdin=""):
        return subprocess.run(
            [self.command, "-c", f"{self.work}/{agency}/sinergi.conf", *args],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def journal(self):
        """What the stopped daemon has stored: one object per record."""
        got = subprocess.run(
            [self.daemon, "-c", f"{self.work}/sinergid.conf", "--demo", "--journal"],
            capture_output=True,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in got.stdout.splitlines()]


# ---- events ----------------------------------------------------------------------------------


def referral(client, alias, **changes):
    """A person whom Satpol PP refers to Dinsos; the name is the personal part."""
    envelope = event_pb2.Envelope(actor_ref="sp-1", legal_basis=event_pb2.LEGAL_BASIS_PUBLIC_TASK)
    envelope.referral_submitted.CopyFrom(
        referral_pb2.ReferralSubmitted(
            referral_id=new_id(client.now_ms()),
            kind=referral_pb2.REFERRAL_KIND_INTAKE,
            target_agency="dinsos",
            priority=referral_pb2.PRIORITY_NORMAL_14D,
            person=person_pb2.PersonIdentity(
                alias=alias,
                name_quality=person_pb2.NAME_QUALITY_ALIAS_ONLY,
                sex=common_pb2.SEX_MALE,
                birth_quality=person_pb2.BIRTH_QUALITY_UNKNOWN,
                nik_status=person_pb2.NIK_STATUS_NONE,
            ),
            suspected_ppks=[common_pb2.PPKS_11],
            found_region="14.71.08",
            activity=referral_pb2.ACTIVITY_SLEEPING_ROUGH,
            children_with=0,
        )
    )
    for name, value in changes.items():
        setattr(envelope.referral_submitted, name, value)
    return envelope


def publish(client, *envelopes, seconds=30.0):
    """Publish and wait: the outcomes."""
    places = client.publish(list(envelopes))
    client.run(client.all_answered, seconds)
    return [client.store.outcome(*place) for place in places]


def event_json(alias):
    """The same as JSON, for `sinergi publish`."""
    person = {
        "alias": alias,
        "nameQuality": "ALIAS_ONLY",
        "sex": "MALE",
        "birthQuality": "UNKNOWN",
        "nikStatus": "NONE",
    }
    referral_submitted = {
        "kind": "INTAKE",
        "targetAgency": "dinsos",
        "priority": "NORMAL_14D",
        "person": person,
        "suspectedPpks": ["PPKS_11"],
        "foundRegion": "14.71.08",
        "activity": "SLEEPING_ROUGH",
        "childrenWith": 0,
    }
    return json.dumps(
        {
            "actorRef": "sp-1",
            "legalBasis": "PUBLIC_TASK",
            "referralSubmitted": referral_submitted,
        }
    )
