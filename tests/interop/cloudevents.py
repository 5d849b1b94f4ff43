#!/usr/bin/python3
"""Check JSON lines on standard input against cloudevents.schema.json beside this file.

Exit status 0: every line is a CloudEvent, no source and id stand twice, and there was a line at all.
Exit status 1: the first that is not, named on standard error. Needs Debian's python3-jsonschema.
"""
import json
import pathlib
import sys

import jsonschema


def once(pairs):
    """An object whose members stand there once, as the specification wants of attributes."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"a member stands twice: {names}")
    return dict(pairs)


def main():
    schema = json.loads(pathlib.Path(__file__).with_name("cloudevents.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    seen = set()
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            event = json.loads(line.decode("utf-8"), object_pairs_hook=once)
            validator.validate(event)
            if (event["source"], event["id"]) in seen:
                raise ValueError("source and id stand twice")
            seen.add((event["source"], event["id"]))
        except jsonschema.ValidationError as wrong:
            sys.exit(f"line {number}: {'/'.join(map(str, wrong.absolute_path)) or 'event'}: {wrong.message}")
        except ValueError as wrong:
            sys.exit(f"line {number}: {wrong}")
    if not seen:
        sys.exit("no event at all")
    print(f"{len(seen)} events")


main()
