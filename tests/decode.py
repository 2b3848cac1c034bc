#!/usr/bin/env python3
"""Reads stored events and records without our program: by proto/wire.md and proto/events.md alone.

    decode.py FILE...       each file holds the hex of one event or one record; "-" is standard input
    decode.py --proto DIR   where wire.md and events.md are (default: ../proto beside this script)

Prints JSON as wire.md says, one document a file. What cannot be decoded is named on standard error, and
the exit status is 1. Needs Python 3.9 or later and nothing else.
"""

import argparse
import hashlib
import json
import pathlib
import re
import sys


class Wrong(Exception):
    """Bytes that are not what the description says, or a description that does not parse."""


# --- The description -------------------------------------------------------------------------------


class Notation:
    """Parses one definition into nested tuples: ("struct", [(name, type)...]), ("list", type)..."""

    def __init__(self, text):
        self.tokens = re.findall(r"[A-Za-z0-9_-]+|[^\sA-Za-z0-9_-]", text)
        self.next = 0

    def peek(self):
        return self.tokens[self.next] if self.next < len(self.tokens) else None

    def take(self, expected=None):
        token = self.peek()
        if token is None or (expected is not None and token != expected):
            raise Wrong(f"description: expected {expected or 'a word'}, got {token} after {self.tokens[:self.next]}")
        self.next += 1
        return token

    def whole(self):
        parsed = self.type()
        if self.peek() is not None:
            raise Wrong(f"description: {self.peek()} left over after {self.tokens[:self.next]}")
        return parsed

    def type(self):
        token = self.take()
        if token == "{":
            parsed = ("struct", self.sequence("}", self.field))
        elif token == "(":
            parsed = ("tuple", self.sequence(")", self.type))
        elif token == "[":
            parsed = ("list", self.type())
            self.take("]")
        elif token == "enum":
            self.take("{")
            parsed = ("enum", self.sequence("}", self.word))
        elif token in ("bytes", "text") and self.peek() == "[":
            self.take("[")
            parsed = (token + "[n]", int(self.take()))
            self.take("]")
        else:
            parsed = ("name", token)
        while self.peek() == "?":
            self.take("?")
            parsed = ("optional", parsed)
        return parsed

    def sequence(self, end, each):
        parsed = []
        while self.peek() != end:
            parsed.append(each())
            if self.peek() != end:
                self.take(",")
        self.take(end)
        return parsed

    def field(self):
        name = self.take()
        self.take(":")
        return name, self.type()

    def word(self):
        name = self.take()
        if self.peek() != "(":
            return name, None
        self.take("(")
        held = self.type()
        self.take(")")
        return name, held


class Description:
    """The schema blocks of some Markdown files."""

    def __init__(self, paths):
        self.types = {}
        self.events = {}
        for path in paths:
            for block in re.findall(r"^```schema\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S):
                code = re.sub(r"#.*", "", block)
                # A definition begins at the start of a line and goes on to the next that does.
                for statement in re.findall(r"^\w.*?(?=^\w|\Z)", code, re.M | re.S):
                    self.add(path.name, statement)

    def add(self, source, statement):
        left, equals, right = statement.partition("=")
        if not equals:
            raise Wrong(f"{source}: a definition without =: {left.strip()}")
        event = re.fullmatch(r"event (0x[0-9a-f]{4}) v([0-9]+) (\w+)", left.strip())
        if event:
            key, definitions = (int(event[1], 16), int(event[2])), self.events
            parsed = (event[3], Notation(right).whole())
        else:
            key, definitions, parsed = left.strip(), self.types, Notation(right).whole()
        if key in definitions:
            raise Wrong(f"{source}: {left.strip()} is described twice")
        definitions[key] = parsed


# --- The bytes -------------------------------------------------------------------------------------


class Reader:
    """Takes values of described types from some bytes, front to back."""

    def __init__(self, description, data):
        self.description = description
        self.data = data
        self.at = 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Wrong(f"expected {count} bytes at offset {self.at}, got {len(self.data) - self.at}: cut off")
        self.at += count
        return self.data[self.at - count:self.at]

    def end(self):
        if self.at != len(self.data):
            raise Wrong(f"{len(self.data) - self.at} bytes left over at offset {self.at}")

    def varint(self, bits):
        value, bytes_max = 0, (bits + 6) // 7
        for index in range(bytes_max):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if value >> bits:
                    raise Wrong(f"a varint before offset {self.at} does not fit {bits} bits")
                return value
        raise Wrong(f"a varint before offset {self.at} is longer than {bytes_max} bytes")

    def zigzag(self, bits):
        value = self.varint(bits)
        return (value >> 1) ^ -(value & 1)

    def flag(self):
        (byte,) = self.take(1)
        if byte > 1:
            raise Wrong(f"expected 0 or 1 at offset {self.at - 1}, got {byte}")
        return byte == 1

    def plain(self, name):
        """A type that is not defined in the description; None if there is no such type."""
        if name == "u8":
            return self.take(1)[0]
        if name in ("u16", "u32", "u64"):
            return self.varint(int(name[1:]))
        if name in ("i32", "i64"):
            return self.zigzag(int(name[1:]))
        if name in ("le16", "le32", "le64", "le64s"):
            size = int(name[2:4]) // 8
            return int.from_bytes(self.take(size), "little", signed=name.endswith("s"))
        if name == "bool":
            return self.flag()
        if name == "bytes":
            return self.take(self.varint(64)).hex()
        if name == "string":
            return text(self.take(self.varint(64)), "utf-8")
        return None

    def value(self, described):
        kind, detail = described
        if kind == "name":
            defined = self.description.types.get(detail)
            value = self.value(defined) if defined else self.plain(detail)
            if value is None and (defined is None or defined[0] != "optional"):
                raise Wrong(f"description: there is no type {detail}")
            return value
        if kind == "struct":
            return {name: self.value(member) for name, member in detail}
        if kind == "tuple":
            return [self.value(member) for member in detail]
        if kind == "list":
            return [self.value(detail) for _ in range(self.varint(64))]
        if kind == "optional":
            return self.value(detail) if self.flag() else None
        if kind == "bytes[n]":
            return self.take(detail).hex()
        if kind == "text[n]":
            return text(self.take(detail), "ascii")
        number = self.varint(32)
        if number >= len(detail):
            raise Wrong(f"expected one of {len(detail)} words before offset {self.at}, got number {number}")
        word, held = detail[number]
        return word if held is None else {word: self.value(held)}


def text(data, encoding):
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Wrong(f"expected {encoding} text: {error.reason}") from error


def decode_event(description, data):
    reader = Reader(description, data)
    header = reader.value(("name", "EventHeader"))
    if header["codec"] != 1:
        raise Wrong(f"expected codec 1, got {header['codec']}")
    head = {"type": f"0x{header['type']:04x}", "version": header["version"]}
    known = description.events.get((header["type"], header["version"]))
    if known is None:
        return {**head, "unknown": data.hex()}
    name, payload = known
    try:
        decoded = {**head, "name": name, "payload": reader.value(payload)}
        reader.end()
    except Wrong as error:
        raise Wrong(f"event {head['type']} v{head['version']} {name}: {error}") from error
    return decoded


RECORD_LEN_MIN = 101
HASH_LEN = 32


def decode_record(description, data):
    if len(data) < RECORD_LEN_MIN:
        raise Wrong(f"expected at least {RECORD_LEN_MIN} bytes of a record, got {len(data)}")
    reader = Reader(description, data[:-HASH_LEN])
    header = reader.value(("name", "RecordHeader"))
    if header.pop("magic") != "FBR1":
        raise Wrong("expected a record to begin with FBR1")
    length = header.pop("length")
    if length != len(data):
        raise Wrong(f"expected a record of {length} bytes, got {len(data)}: torn or overwritten")
    digest = hashlib.sha256(data[:-HASH_LEN]).digest()
    if digest != data[-HASH_LEN:]:
        raise Wrong(f"the checksum of record {header['number']} differs: its bytes have changed")
    body = reader.value(("name", "RecordBody"))
    reader.end()
    position, commands = header["position"], []
    for command in body:
        commands.append({
            "at": header["time"] + command["envelope"]["delay_ms"],
            "first": position,
            "envelope": command["envelope"],
            "events": [decode_event(description, bytes.fromhex(event)) for event in command["events"]],
        })
        position += len(command["events"])
    return {**header, "hash": digest.hex(), "commands": commands}


def decode(description, data):
    """Whichever it is: an event begins with its codec, a record with FBR1."""
    return (decode_record if data[:1] == b"F" else decode_event)(description, data)


def main():
    parser = argparse.ArgumentParser(description="Decode stored events and records by their description.")
    parser.add_argument("--proto", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "proto")
    parser.add_argument("files", nargs="+", metavar="FILE", help='hex of one event or record; "-": standard input')
    arguments = parser.parse_args()
    # Whatever the system's locale says.
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        description = Description([arguments.proto / "wire.md", arguments.proto / "events.md"])
    except (OSError, Wrong) as error:
        sys.exit(f"decode.py: {error}")
    failed = False
    for name in arguments.files:
        try:
            content = sys.stdin.read() if name == "-" else pathlib.Path(name).read_text(encoding="ascii")
            decoded = decode(description, bytes.fromhex(content))
        except (OSError, ValueError, Wrong) as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
            continue
        print(json.dumps(decoded, ensure_ascii=False, indent=2))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
