"""Hashes, blocks and receipts (docs/PROTOCOL.md, section 8)."""

import hashlib
import struct
import uuid
from dataclasses import dataclass

import nacl.exceptions
import nacl.signing

HASH_BYTES = 32
PATH_BYTES_MAX = 32 * HASH_BYTES


class NotProven(Exception):
    """A signature, a path or a chain does not hold."""


def H(data):
    return hashlib.blake2b(data, digest_size=HASH_BYTES).digest()


def event_digest(clear, personal):
    return H(H(clear) + H(personal))


def signature_holds(public_key, data, signature):
    try:
        nacl.signing.VerifyKey(public_key).verify(data, signature)
        return True
    except (nacl.exceptions.BadSignatureError, nacl.exceptions.ValueError):
        return False


# ---- the tree --------------------------------------------------------------------------------


def leaf_hash(seq, accepted_ms, outbox, number, digest, rest):
    return H(b"\0" + struct.pack(">Qq16sQ", seq, accepted_ms, outbox, number) + digest + rest)


def node_hash(left, right):
    return H(b"\1" + left + right)


def levels(leaves):
    """All levels of the tree, from the leaves to the root."""
    result = [list(leaves)]
    while len(result[-1]) > 1:
        below = result[-1]
        above = [node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        if len(below) % 2:
            above.append(below[-1])
        result.append(above)
    return result


def tree_root(leaves):
    return levels(leaves)[-1][0]


def tree_path(leaves, index):
    path = b""
    for level in levels(leaves)[:-1]:
        if index ^ 1 < len(level):
            path += level[index ^ 1]
        index //= 2
    return path


def path_holds(leaf, index, count, path, root):
    if index >= count or len(path) % HASH_BYTES:
        return False
    value, used = leaf, 0
    while count > 1:
        if index ^ 1 < count:
            sibling = path[used : used + HASH_BYTES]
            if len(sibling) < HASH_BYTES:
                return False
            used += HASH_BYTES
            value = node_hash(sibling, value) if index % 2 else node_hash(value, sibling)
        index, count = index // 2, (count + 1) // 2
    return used == len(path) and value == root


# ---- blocks ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    store_id: bytes
    epoch: int
    height: int
    first_seq: int
    count: int
    time_ms: int
    root: bytes
    previous_hash: bytes
    signature: bytes

    @classmethod
    def of(cls, signed_block):
        """From a SignedBlock message."""
        return cls(*(getattr(signed_block, name) for name in cls.__dataclass_fields__))

    @property
    def header(self):
        numbers = struct.pack(
            ">QQQIq", self.epoch, self.height, self.first_seq, self.count, self.time_ms
        )
        return b"sinergi block 1\0" + self.store_id + numbers + self.root + self.previous_hash

    @property
    def hash(self):
        return H(self.header)

    def check(self, sign_public):
        sizes = (len(self.store_id), len(self.root), len(self.previous_hash), len(self.signature))
        if sizes != (16, 32, 32, 64) or not signature_holds(
            sign_public, self.header, self.signature
        ):
            raise NotProven("the block is not signed with the broker's key")

    def check_follows(self, before):
        """`before` is the block below, or None for the first one."""
        if before is None:
            if (self.height, self.previous_hash) != (1, bytes(HASH_BYTES)):
                raise NotProven("not the first block")
            return
        first = before.first_seq + before.count
        if self.epoch > before.epoch:
            first = ((first >> 32) + 1) << 32
        if (
            self.store_id != before.store_id
            or self.height != before.height + 1
            or self.previous_hash != before.hash
            or self.epoch < before.epoch
            or self.time_ms < before.time_ms
            or self.first_seq != first
        ):
            raise NotProven(f"block {self.height} does not follow block {before.height}")


# ---- receipts --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Receipt:
    agency: str
    outbox: bytes
    number: int
    seq: int
    accepted_ms: int
    digest: bytes
    rest_hash: bytes
    leaf_index: int
    path: bytes
    block: Block

    def check(self, sign_public, digest=None):
        """digest: of the event that the receipt shall be for, when that is at hand."""
        block = self.block
        block.check(sign_public)
        if self.leaf_index >= block.count or self.seq != block.first_seq + self.leaf_index:
            raise NotProven("seq and leaf do not belong to the block")
        if self.accepted_ms != block.time_ms:
            raise NotProven("the time of acceptance is not that of the block")
        if digest is not None and digest != self.digest:
            raise NotProven("the receipt is for other bytes")
        leaf = leaf_hash(
            self.seq, self.accepted_ms, self.outbox, self.number, self.digest, self.rest_hash
        )
        if not path_holds(leaf, self.leaf_index, block.count, self.path, block.root):
            raise NotProven("the path does not lead to the root")

    def json(self):
        b = self.block
        return {
            "sinergiReceipt": 1,
            "storeId": str(uuid.UUID(bytes=b.store_id)),
            "agency": self.agency,
            "outbox": str(uuid.UUID(bytes=self.outbox)),
            "number": str(self.number),
            "seq": str(self.seq),
            "acceptedAt": str(self.accepted_ms),
            "digest": self.digest.hex(),
            "restHash": self.rest_hash.hex(),
            "leafIndex": self.leaf_index,
            "path": self.path.hex(),
            "block": {
                "epoch": str(b.epoch),
                "height": str(b.height),
                "firstSeq": str(b.first_seq),
                "count": b.count,
                "timeMs": str(b.time_ms),
                "root": b.root.hex(),
                "previousHash": b.previous_hash.hex(),
                "signature": b.signature.hex(),
            },
        }

    @classmethod
    def of_json(cls, data):
        """ValueError or KeyError names what is wrong or missing."""

        def wide(where, name):
            if not isinstance(where[name], str) or not where[name].isdigit():
                raise ValueError(f"'{name}': want a whole number as text")
            return int(where[name])

        def narrow(where, name):
            if type(where[name]) is not int or not 0 <= where[name] < 1 << 32:
                raise ValueError(f"'{name}': want a whole number")
            return where[name]

        def some(where, name, size):
            value = bytes.fromhex(where[name])
            if len(value) != size:
                raise ValueError(f"'{name}': want {size} bytes")
            return value

        if data["sinergiReceipt"] != 1:
            raise ValueError("'sinergiReceipt': want 1")
        b = data["block"]
        path = bytes.fromhex(data["path"])
        if len(path) % HASH_BYTES or len(path) > PATH_BYTES_MAX:
            raise ValueError("'path': want whole hashes")
        block = Block(
            store_id=uuid.UUID(data["storeId"]).bytes,
            epoch=wide(b, "epoch"),
            height=wide(b, "height"),
            first_seq=wide(b, "firstSeq"),
            count=narrow(b, "count"),
            time_ms=wide(b, "timeMs"),
            root=some(b, "root", 32),
            previous_hash=some(b, "previousHash", 32),
            signature=some(b, "signature", 64),
        )
        return cls(
            agency=data["agency"],
            outbox=uuid.UUID(data["outbox"]).bytes,
            number=wide(data, "number"),
            seq=wide(data, "seq"),
            accepted_ms=wide(data, "acceptedAt"),
            digest=some(data, "digest", 32),
            rest_hash=some(data, "restHash", 32),
            leaf_index=narrow(data, "leafIndex"),
            path=path,
            block=block,
        )
