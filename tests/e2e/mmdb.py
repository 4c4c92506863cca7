#!/usr/bin/env python3
"""A small MaxMind DB file of networks and their operators, written by hand: standard library only.

	mmdb.py FILE [layout=geolite|ipinfo] NETWORK=NUMBER:NAME ...

The two layouts are the field names that the makers of such files use.
(https://maxmind.github.io/MaxMind-DB/)
"""
import ipaddress
import struct
import sys


def control(kind, size):
    """The byte or two before a value; no value here is longer than 284 bytes."""
    first, extra = (kind << 5, b'') if kind < 8 else (0, bytes([kind - 7]))
    if size < 29:
        return bytes([first | size]) + extra
    return bytes([first | 29]) + extra + bytes([size - 29])


def text(s):
    s = s.encode()
    return control(2, len(s)) + s


def number(n, kind=6):
    raw = n.to_bytes(8, 'big').lstrip(b'\0')
    return control(kind, len(raw)) + raw


def mapping(pairs):
    return control(7, len(pairs)) + b''.join(text(k) + v for k, v in pairs)


def entry(layout, asn, name):
    if layout == 'ipinfo':
        return mapping([('asn', text('AS%d' % asn)), ('as_name', text(name))])
    return mapping([('autonomous_system_number', number(asn)),
                    ('autonomous_system_organization', text(name))])


def bits_of(network):
    net = ipaddress.ip_network(network)
    value, length = int(net.network_address), net.prefixlen
    if net.version == 4:  # IPv4 lies in ::/96
        length += 96
    return [value >> (127 - i) & 1 for i in range(length)]


def main():
    path, layout, nets = sys.argv[1], 'geolite', []
    for arg in sys.argv[2:]:
        key, value = arg.split('=', 1)
        if key == 'layout':
            layout = value
        else:
            asn, name = value.split(':', 1)
            nets.append((key, int(asn), name))
    tree, data = [[None, None]], b''
    for network, asn, name in nets:
        at, bits = 0, bits_of(network)
        for bit in bits[:-1]:
            if tree[at][bit] is None:
                tree.append([None, None])
                tree[at][bit] = len(tree) - 1
            at = tree[at][bit]
        tree[at][bits[-1]] = -1 - len(data)
        data += entry(layout, asn, name)
    out = b''
    for node in tree:
        for child in node:
            record = len(tree) if child is None else child
            if record < 0:
                record = len(tree) + 16 + (-1 - record)
            out += struct.pack('>I', record)[1:]
    meta = mapping([('node_count', number(len(tree))), ('record_size', number(24, 5)),
                    ('ip_version', number(6, 5)), ('database_type', text('Test-ASN')),
                    ('languages', control(11, 0)), ('binary_format_major_version', number(2, 5)),
                    ('binary_format_minor_version', number(0, 5)),
                    ('build_epoch', number(1767225600, 9)), ('description', control(7, 0))])
    with open(path, 'wb') as f:
        f.write(out + bytes(16) + data + b'\xab\xcd\xefMaxMind.com' + meta)


if __name__ == '__main__':
    main()
