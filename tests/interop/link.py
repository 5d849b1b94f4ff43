"""One connection: a DEALER socket with CURVE and its monitor (docs/PROTOCOL.md, section 3)."""

import zmq
from zmq.utils.monitor import parse_monitor_message

from frames import BODY_MAX

READY, REFUSED, LOST, KEY, HANDSHAKE = "ready", "refused", "lost", "key", "handshake"

_MEANING = {
    zmq.EVENT_HANDSHAKE_SUCCEEDED: READY,
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: KEY,
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: HANDSHAKE,
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: HANDSHAKE,
    zmq.EVENT_CLOSED: REFUSED,
    zmq.EVENT_CONNECT_RETRIED: REFUSED,
    zmq.EVENT_DISCONNECTED: LOST,
}
_OPTIONS = (
    (zmq.IMMEDIATE, 1),
    (zmq.SNDHWM, 64),
    (zmq.RCVHWM, 64),
    (zmq.MAXMSGSIZE, 65536),
    (zmq.LINGER, 0),
    (zmq.CONNECT_TIMEOUT, 10000),
    (zmq.HANDSHAKE_IVL, 5000),
    (zmq.HEARTBEAT_IVL, 10000),
    (zmq.HEARTBEAT_TIMEOUT, 30000),
    (zmq.HEARTBEAT_TTL, 30000),
    (zmq.RECONNECT_IVL, 1000),  # with -1 a Bye that came last would be thrown away
)


class Link:
    """A socket is for one connection; the next attempt opens another one."""

    def __init__(self, card, key):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        for option, value in _OPTIONS:
            self.socket.setsockopt(option, value)
        self.socket.setsockopt(zmq.CURVE_SERVERKEY, card.curve)
        self.socket.setsockopt(zmq.CURVE_PUBLICKEY, key.curve_public)
        self.socket.setsockopt(zmq.CURVE_SECRETKEY, key.curve_secret)
        events = 0
        for event in _MEANING:
            events |= event
        self.monitor = self.socket.get_monitor_socket(events)
        self.poller = zmq.Poller()
        self.poller.register(self.socket, zmq.POLLIN)
        self.poller.register(self.monitor, zmq.POLLIN)
        self.socket.connect(card.endpoint)

    def close(self):
        self.socket.disable_monitor()
        self.socket.close()
        self.monitor.close()

    def wait(self, seconds):
        self.poller.poll(max(0, seconds) * 1000)

    def event(self):
        """What happened to the connection; None: nothing more."""
        try:
            message = self.monitor.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        return _MEANING.get(parse_monitor_message(message)["event"])

    def send(self, body):
        """False: there is no connection (any more)."""
        try:
            self.socket.send(body, zmq.NOBLOCK)
            return True
        except zmq.Again:
            return False

    def receive(self):
        """The body of one frame; None: nothing more."""
        try:
            parts = self.socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        if len(parts) != 1 or len(parts[0]) > BODY_MAX:
            raise ValueError("not a frame of protocol 1")
        return parts[0]
