#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Are INI files as the schema of `lrhost describe --json` says?

    schema.py SCHEMA good|bad FILE...      exit 1 when one is not good, or not bad

What lrhost itself does before it looks at keys is done here too: ${NAME:-default}, and the section that
is named after a plugin gives its keys to those that use it. Values become what JSON has for them.
"""
import configparser
import json
import re
import sys

import jsonschema

KINDS = {"dead_letter": "sink"}


def as_json(text, types):
    types = [types] if isinstance(types, str) else types
    if "boolean" in types and text in ("yes", "no", "true", "false", "on", "off"):
        return text in ("yes", "true", "on")
    for name, convert in (("integer", int), ("number", float)):
        if name in types:
            try:
                return convert(text)
            except ValueError:
                pass
    return text


def pipeline(path, schema):
    ini = configparser.ConfigParser(interpolation=None, strict=True, delimiters="=",
                                    inline_comment_prefixes=(";",))
    ini.optionxform = str
    with open(path, encoding="utf-8") as file:
        ini.read_string(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", file.read()))
    result = {}
    definitions = schema["$defs"]
    for section in ini.sections():
        if section not in schema["properties"]:
            continue  # named after a plugin
        values = dict(ini[section])
        plugin = values.get("plugin", {"codec": "text", "engine": "streaming"}.get(section, ""))
        key = f"{KINDS.get(section, section)}.{plugin.replace('/', '.')}"
        of_plugin = definitions.get(key, {"properties": {}, "patternProperties": {}})
        if ini.has_section(plugin):
            # A key that is the other role's only goes there.
            values = {**{k: v for k, v in ini[plugin].items()
                         if k in of_plugin["properties"]
                         or any(re.match(p, k) for p in of_plugin["patternProperties"])}, **values}
        known = {**of_plugin["properties"], **definitions[f"section.{section}"]["properties"]}
        result[section] = {k: as_json(v, known.get(k, {}).get("type", "string"))
                           for k, v in values.items()}
    return result


def main(schema_path, wanted, *paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failed = 0
    for path in paths:
        errors = [f"{'/'.join(map(str, e.path))}: {e.message[:200]}"
                  for e in validator.iter_errors(pipeline(path, schema))]
        if bool(errors) != (wanted == "bad"):
            print(f"{path} is not {wanted}", *errors, sep="\n  ")
            failed = 1
    return failed


sys.exit(main(*sys.argv[1:]))
