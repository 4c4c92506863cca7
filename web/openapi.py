#!/usr/bin/env python3
"""openapi.json with the description of each field, at build time.

	openapi.py openapi.json ruad.7 OUT

What a field means is told once, under FIELD NAMES in ruad(7). A property of a schema that has no
description of its own gets the text of its name there.
"""
import json
import re
import sys


def meanings(page):
    """Name -> text of every ".It Va name" between FIELD NAMES and the next section."""
    found, name = {}, None
    part = re.search(r'^\.Sh FIELD NAMES$(.*?)^\.Sh ', page, re.M | re.S).group(1)
    for line in part.split('\n'):
        item = re.match(r'\.It Va (\w+)$', line)
        if item:
            name = item.group(1)
            found[name] = []
        elif re.match(r'\.(El|Ss|Bl|It)\b', line):
            name = None
        elif name is not None and line:
            found[name].append(plain(line))
    return {name: ' '.join(words) for name, words in found.items()}


def plain(line):
    """A line of mdoc as text: ".Li a , b" is "a, b"."""
    macro = re.match(r'\.[A-Z][a-z] (.*)$', line)
    if not macro:
        return line
    return re.sub(r' ([,.;:)])(?= |$)', r'\1', macro.group(1).replace('"', ''))


def describe(schema, texts):
    for name, one in schema.get('properties', {}).items():
        if 'description' not in one and name in texts:
            one['description'] = texts[name]
    for part in schema.get('allOf', []):
        describe(part, texts)


def main():
    source, page, out = sys.argv[1:]
    with open(source, encoding='utf-8') as f:
        api = json.load(f)
    with open(page, encoding='utf-8') as f:
        texts = meanings(f.read())
    for schema in api['components']['schemas'].values():
        describe(schema, texts)
    with open(out, 'w', encoding='utf-8') as f:
        json.dump(api, f, ensure_ascii=False, indent=1)
        f.write('\n')


if __name__ == '__main__':
    main()
