"""Keys of a device and the broker's card (docs/PROTOCOL.md, section 2)."""

import os
import re
import stat
import uuid
from dataclasses import dataclass

import nacl.bindings
import nacl.signing

from receipts import H

FILE_BYTES_MAX = 1022
_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")
_SECRET = re.compile(r"[0-9a-fA-F]{64}")
_LINES = (("agency", _NAME), ("device", _NAME), ("curve-secret", _SECRET), ("sign-seed", _SECRET))


class KeyFileError(Exception):
    """The key file is not one; the text names file and line."""


@dataclass(frozen=True)
class DeviceKey:
    agency: str
    device: str
    curve_secret: bytes
    curve_public: bytes
    signing: nacl.signing.SigningKey

    @property
    def sign_public(self):
        return bytes(self.signing.verify_key)

    @property
    def key_id(self):
        return H(self.sign_public)[:8]

    def sign(self, data):
        return self.signing.sign(data).signature


@dataclass(frozen=True)
class Card:
    """What a client knows of its broker, from its configuration and from nowhere else."""

    endpoint: str
    curve: bytes
    sign: bytes
    store: bytes


def parse_device_key(text, name="key file"):
    lines = text.split("\n")
    if lines[0] != "sinergi-device-key 1":
        raise KeyFileError(f"{name}:1: want 'sinergi-device-key 1'")
    values = {}
    for i, (word, form) in enumerate(_LINES):
        line = lines[i + 1] if i + 1 < len(lines) else ""
        key, _, value = line.partition(" ")
        if key != word or not form.fullmatch(value):
            raise KeyFileError(f"{name}:{i + 2}: want '{word}' and its value")
        values[word] = value
    if lines[len(_LINES) + 1 :] not in ([""], []):
        raise KeyFileError(f"{name}:{len(_LINES) + 2}: want nothing more")
    secret = bytes.fromhex(values["curve-secret"])
    return DeviceKey(
        agency=values["agency"],
        device=values["device"],
        curve_secret=secret,
        curve_public=nacl.bindings.crypto_scalarmult_base(secret),
        signing=nacl.signing.SigningKey(bytes.fromhex(values["sign-seed"])),
    )


def read_device_key(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(fd, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_mode & 0o077:
            raise KeyFileError(f"{path}: want a plain file of mode 0600")
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise KeyFileError(f"{path}: more than {FILE_BYTES_MAX} bytes")
    try:
        return parse_device_key(data.decode("ascii"), path)
    except UnicodeDecodeError:
        raise KeyFileError(f"{path}: not ASCII") from None


def read_card(path):
    """The group `broker` of a sinergi.conf, which `sinergid --card` prints."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"^\s*#.*$", "", file.read(), flags=re.M)
    group = re.search(r"broker\s*:?=?\s*\{(.*?)\}", text, re.S).group(1)
    found = dict(re.findall(r"(\w+)\s*=\s*\"([^\"]*)\"", group))
    return Card(
        endpoint=found["endpoint"],
        curve=bytes.fromhex(found["curve"]),
        sign=bytes.fromhex(found["sign"]),
        store=uuid.UUID(found["store"]).bytes,
    )
