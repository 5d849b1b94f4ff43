"""docs/PROTOCOL.md says what the source says: limits, codes, classes; and its tables are whole."""

import re

import frames
from city import check
from events import personal_fields

DOCUMENT = "docs/PROTOCOL.md"
LIMITS = {
    "body": "SG_BODY_MAX",
    "event": "SG_EVENT_MAX",
    "frame events": "SG_FRAME_EVENTS_MAX",
    "unanswered frames": "SG_UNANSWERED_FRAMES_MAX",
    "unanswered events": "SG_UNANSWERED_EVENTS_MAX",
    "deliver events": "SG_DELIVER_EVENTS_MAX",
    "deliver frames": "SG_DELIVER_FRAMES_MAX",
    "subscriptions": "SG_SUBSCRIPTIONS_MAX",
    "outboxes": "SG_OUTBOXES_MAX",
    "subscription name": "SG_NAME_MAX",
    "depth": "SG_SCAN_DEPTH_MAX",
    "fields of an event": "SG_SCAN_FIELDS_MAX",
    "fields of a frame": "SG_SCAN_FRAME_FIELDS_MAX",
    "repeated": "SG_SCAN_REPEATED_MAX",
    "unknown fields": "SG_SCAN_UNKNOWN_MAX",
    "dead after": "SG_DEAD_AFTER_ATTEMPTS",
}


PAGES = {
    "SLOTS": ["SLOTS"],
    "SEATS": ["SEATS"],
    "ROWS": ["SUBSCRIPTIONS", "DEAD_LETTERS"],
    "BLOCKS": ["BLOCKS"],
    "CASES": ["CASES"],
    "KITS": ["KITS"],
    "DEADLINES": ["DEADLINES"],
    "SUSPICIONS": ["PERSON"],
}


def section(text, title):
    """Tables of a section: lists of rows, each a list of cells."""
    body = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#|\Z)", text, re.M | re.S).group(1)
    return [
        [[cell.strip() for cell in row.strip("|").split("|")] for row in table.strip().split("\n")]
        for table in re.findall(r"(?:^\|.*\n)+", body, re.M)
    ]


def check_all():
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    with open("proto/wire/limits.h") as file:
        defines = dict(re.findall(r"#define (SG_\w+) (\d+)U?\b", file.read()))
    said = {row[0]: row[1].replace(",", "") for row in section(text, "4. Frames and limits")[0][2:]}
    wrong = {name for name, define in LIMITS.items() if said.get(name) != defines[define]}
    check(
        "limits of the document are those of the source",
        not wrong and len(said) == len(LIMITS),
        wrong,
    )
    check(
        "and of this client",
        (frames.BODY_MAX, frames.EVENT_MAX, frames.FRAME_EVENTS_MAX)
        == tuple(int(said[name]) for name in ("body", "event", "frame events")),
    )

    with open("proto/wire/status.h") as file:
        codes = {n: name for name, n in re.findall(r"SG_ST_(\w+) = (\d+)", file.read()) if n != "0"}
    rows = {row[0]: row[1] for row in section(text, "14. Codes")[0][2:]}
    want = {n: name if name.startswith("W_") else "E_" + name for n, name in codes.items()}
    check(
        "codes of the document are those of the source",
        rows == want,
        set(rows.items()) ^ set(want.items()),
    )

    table = section(text, "6.2 Clear and personal part")[1][2:]
    listed = {
        row[0].strip("`"): (
            re.findall(r"`(\w+)`", row[1]),
            dict(re.findall(r"`(\w+)` \((\w+)\)", row[2])),
        )
        for row in table
    }
    fields = personal_fields()
    fields["Envelope"] = (fields["Envelope"][0], {})
    check("fields of the personal part are those of the contract", listed == fields, listed)

    source = ""
    for path in ("daemon/broker/query.c", "daemon/broker/query_case.c"):
        with open(path) as file:
            source += file.read()
    pages = {row[0]: row[2] for row in section(text, "10. Queries and administration")[0][2:]}
    wrong = [
        kind
        for name, number in re.findall(r"PAGE_([A-Z]+) = (\d+)\b", source)
        for kind in PAGES[name]
        if f"{number} a page" not in pages[kind]
    ]
    check("and so are sizes of pages", not wrong, wrong)

    broken = []
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        widths = {row.replace("\\|", "").count("|") for row in table.strip().split("\n")}
        if len(widths) != 1:
            broken.append(table.split("\n")[0])
    check("its tables are whole", not broken, broken)
