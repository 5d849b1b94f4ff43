"""A client written from docs/PROTOCOL.md alone, against a real broker.

Usage: run.py WORK DAEMON COMMAND CLOCK     (called by tests/e2e/interop.sh)
Prints "ok …" and "not ok …" lines; the exit status tells.
"""

import sys
import time

import city
import document
import scene_both
import scene_publish
import scene_subscribe
import scene_trust
import vectors

SCENES = (
    scene_trust.key_files,
    scene_trust.the_door,
    scene_trust.greeting,
    scene_trust.history,
    scene_publish.good_and_bad,
    scene_publish.wrong_parts,
    scene_publish.lost_answers,
    scene_publish.gaps,
    scene_publish.restored_device,
    scene_publish.parked,
    scene_publish.correction,
    scene_trust.receipts,
    scene_trust.receipt_of_the_command,
    scene_subscribe.receive,
    scene_subscribe.refuse,
    scene_subscribe.take_over,
    scene_subscribe.credit,
    scene_subscribe.questions,
    scene_both.both_ways,
    scene_both.stopped,
    scene_trust.the_chain,
    scene_both.killed,  # the last one: it stops the daemon
)


def main():
    document.check_all()
    vectors.check_all()
    place = city.City(*sys.argv[1:])
    place.start()
    try:
        for scene in SCENES:
            began = time.monotonic()
            try:
                scene(place)
            except Exception as error:  # the other scenes are told all the same
                city.check(f"{scene.__name__} ended early", False, repr(error))
            for client in place.clients:
                client.close()
            print(f"# {scene.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    finally:
        place.stop()
    return 1 if city.failures else 0


sys.exit(main())
