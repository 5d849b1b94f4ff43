"""A TCP relay that can lose answers: what the broker says is held back, or the line is cut."""

import select
import socket
import threading


def hang_up(end):
    """Also while another thread waits for it."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # gone already
    end.close()


class Proxy:
    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.holding = False
        self.pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def hold_answers(self):
        """From now on nothing of what the broker says arrives."""
        with self.lock:
            self.holding = True

    def cut(self):
        """End every connection, with all that was held back; new ones work."""
        with self.lock:
            self.holding = False
            for pair in self.pairs:
                for end in pair:
                    hang_up(end)
            self.pairs = []

    def close(self):
        self.listener.close()
        self.cut()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                client.close()
                continue
            with self.lock:
                self.pairs.append((client, broker))
            threading.Thread(target=self._relay, args=(client, broker), daemon=True).start()

    def _relay(self, client, broker):
        try:
            while True:
                for ready in select.select([client, broker], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        raise OSError
                    if ready is client:
                        broker.sendall(data)
                    elif not self.holding:
                        client.sendall(data)
        except (OSError, ValueError):
            hang_up(client)
            hang_up(broker)
