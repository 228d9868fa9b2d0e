#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The layout of the SDK's structs, as text, and whether one is the beginning of another.

    layout.py dump INCLUDE          -> "struct NAME SIZE", then "  OFFSET SIZE TYPE NAME" lines
    layout.py compare OLD NEW       two such texts; exit 1 and one line for each broken promise

A struct of OLD must be a prefix of the same one in NEW: each member at its place, of its type and
name; what is new begins where the old struct ended, because an old reader takes the old size. Types
are written out down to parameters of functions, so that a retyped one is seen; abidiff with its own
suppressions lets it pass. Typedefs are followed, so that the text is one and the same whatever names
the compiler met first. The layout is read from abidw's XML, made by the compiler from the headers.
Structs whose size is never told (arrays without an element size) may not even grow.
"""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

FROZEN = {"lr_position", "lr_span", "lr_bytes", "lr_header", "lr_pair", "lr_abi_note"}


def structs_of(include):
    """Of the headers that lrhost.h includes: what is beside it, for tests, is promised to nobody."""
    def text(header):
        with open(os.path.join(include, "lrhost", header), encoding="utf-8") as file:
            return file.read()

    names = []
    for header in re.findall(r'^#include "(\w+[.]h)"', text("lrhost.h"), re.M):
        names += re.findall(r"^struct (lr_\w+) \{", text(header), re.M)
    return sorted(set(names))


def abidw(include, names):
    """A library with a pointer to each struct, and what abidw says about it."""
    source = "#include <lrhost/lrhost.h>\n" + "".join(
        f"extern const struct {n} *p_{n}; const struct {n} *p_{n};\n" for n in names
    )
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, "layout.so")
        subprocess.run(
            [*os.environ.get("CC", "cc").split(), "-std=c11", "-g", "-fPIC", "-shared",
             f"-I{include}", "-x", "c", "-", "-o", library],
            input=source, text=True, check=True)
        return subprocess.run(["abidw", library], capture_output=True, text=True, check=True).stdout


class Types:
    def __init__(self, root):
        self.by_id = {e.get("id"): e for e in root.iter() if e.get("id")}
        # "struct X;" in one header and its body in another are two elements.
        self.body = {e.get("name"): e for e in root.iter("class-decl") if e.find("data-member") is not None}

    def size(self, id_):
        e = self.by_id[id_]
        if e.get("size-in-bits"):
            return int(e.get("size-in-bits")) // 8
        if e.tag == "pointer-type-def":
            return 8
        return self.size(e.get("type-id"))

    def text(self, id_):
        e = self.by_id[id_]
        if e.tag == "pointer-type-def":
            inner = self.by_id[e.get("type-id")]
            return self.text(e.get("type-id")) + ("" if inner.tag == "function-type" else " *")
        if e.tag == "qualified-type-def":
            words = "".join(f" {q}" for q in ("const", "volatile", "restrict") if e.get(q) == "yes")
            return self.text(e.get("type-id")) + words
        if e.tag == "function-type":
            takes = ", ".join(self.text(p.get("type-id")) for p in e.findall("parameter"))
            return f"{self.text(e.find('return').get('type-id'))} (*)({takes})"
        if e.tag == "array-type-def":
            length = "".join(f"[{s.get('length')}]" for s in e.findall("subrange"))
            return self.text(e.get("type-id")) + length
        if e.tag in ("class-decl", "union-decl", "enum-decl"):
            return f"{e.tag.split('-')[0].replace('class', 'struct')} {e.get('name')}"
        if e.tag == "typedef-decl":  # int and int32_t are one type to callers, and to abidw
            return self.text(e.get("type-id"))
        return e.get("name")  # type-decl


def dump(include):
    names = structs_of(include)
    root = ET.fromstring(abidw(include, names))
    types = Types(root)
    for name in names:
        body = types.body.get(name)
        if body is None:
            sys.exit(f"layout: abidw does not know struct {name}")
        print(f"struct {name} {int(body.get('size-in-bits')) // 8}")
        for member in body.findall("data-member"):
            variable = member.find("var-decl")
            id_ = variable.get("type-id")
            print(f"  {int(member.get('layout-offset-in-bits')) // 8} {types.size(id_)} "
                  f"{types.text(id_)} {variable.get('name')}")


def read(path):
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if line.startswith("struct "):
                members = []
                found[words[1]] = (int(words[2]), members)
            elif line.startswith("  "):
                members.append((int(words[0]), int(words[1]), " ".join(words[2:-1]), words[-1]))
    return found


def promises_broken(old, new):
    for name, (size, members) in old.items():
        if name not in new:
            yield f"struct {name} is gone"
            continue
        new_size, now = new[name]
        broken = False
        for place, was in enumerate(members):
            is_ = now[place] if place < len(now) else None
            if is_ != was:
                broken = True
                show = "gone" if is_ is None else f"now '{is_[2]} {is_[3]}' at {is_[0]}, {is_[1]} bytes"
                yield (f"struct {name}: member {place + 1}, '{was[2]} {was[3]}' at {was[0]}, "
                       f"{was[1]} bytes, is {show}")
                break
        if broken:
            continue
        if name in FROZEN and new_size != size:
            yield f"struct {name} may never change its size; it has {new_size} bytes instead of {size}"
        if new_size < size:
            yield f"struct {name} has {new_size} bytes instead of {size}"
        for added in now[len(members):]:
            if added[0] < size:
                yield (f"struct {name}: '{added[3]}' is appended at {added[0]}, inside of the "
                       f"{size} bytes that an older reader takes")


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "dump":
        dump(arguments[1])
        return 0
    if len(arguments) == 3 and arguments[0] == "compare":
        old, new = read(arguments[1]), read(arguments[2])
        lines = list(promises_broken(old, new))
        print("\n".join(lines), end="\n" if lines else "")
        return 1 if lines or not old else 0
    print(__doc__, file=sys.stderr)
    return 64


sys.exit(main(sys.argv[1:]))
