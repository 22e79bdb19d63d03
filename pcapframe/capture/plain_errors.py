"""The kernel for the ICMP errors of most captures: over IP as it usually is, and quoting such a packet of TCP or UDP.

``deep`` decodes these too, but takes long to compile. Where nothing in a batch needs it, this small kernel does.
"""

from typing import Any

import numpy as np

from pcapframe.capture import transport
from pcapframe.capture.bits import be16, be32, be64, byte
from pcapframe.capture.decoding import unchecked_columns, write_row
from pcapframe.capture.icmp import decode_error
from pcapframe.capture.interning import intern_address, intern_protocol
from pcapframe.capture.ip import ICMP, ICMPV6, IS_FRAGMENT, TCP, UDP
from pcapframe.capture.link import ETHERTYPE_IPV4, ETHERTYPE_IPV6
from pcapframe.capture.udp_tunnels import is_gtp
from pcapframe.jit import inner_jit, jit, unchecked

__all__ = ["NOT_PLAIN", "decode_plain_errors"]

NOT_PLAIN = -1
QUOTED_BYTES = 8  # of TCP or UDP, at least


@inner_jit
def _above(data: Any, kind: Any, at: Any, end: Any) -> Any:
    """Go past an IP header as it usually is: its protocol (-1 for another header), its payload's begin and end."""
    if kind == ETHERTYPE_IPV4 and at + 20 <= end:
        payload, stop = at + 4 * (byte(data, at) & 15), at + be16(data, at + 2)
        if byte(data, at) >> 4 == 4 and at + 20 <= payload <= stop and be16(data, at + 6) & IS_FRAGMENT == 0:
            return byte(data, at + 9), payload, stop
    if kind == ETHERTYPE_IPV6 and at + 40 <= end:
        length = be16(data, at + 4)
        if byte(data, at) >> 4 == 6 and length:
            return byte(data, at + 6), at + 40, at + 40 + length
    return np.int64(-1), at, at


@inner_jit
def _find_quote(data: Any, record: Any, kind: Any, at: Any, ports: Any) -> Any:
    """Find what the ICMP error of a record says and quotes, if both are plain.

    Returns
    -------
    tuple of int
        Type * 256 + code (`NOT_PLAIN` for anything else), MTU (-1 for none), and of the quoted packet: where its IP
        header and its payload begin, where its bytes end, its protocol.
    """
    end, wire_end = record.at + record.captured, record.at + record.wire
    protocol, payload, stop = _above(data, kind, at, end)
    if record.part or protocol != (ICMP if kind == ETHERTYPE_IPV4 else ICMPV6) or max(end, stop) > wire_end:
        return np.int64(NOT_PLAIN), np.int64(-1), at, at, at, protocol
    error, begin, quote_end, mtu = decode_error(data, protocol, payload, min(end, stop))
    protocol, payload, _stop = _above(data, kind, begin, quote_end)
    if protocol not in (TCP, UDP) or payload + QUOTED_BYTES > quote_end:
        error = np.int64(NOT_PLAIN)
    elif protocol == UDP and (
        ports[be16(data, payload)] or ports[be16(data, payload + 2)] or is_gtp(data, payload, quote_end)
    ):
        error = np.int64(NOT_PLAIN)
    return error, mtu, begin, payload, quote_end, protocol


@inner_jit
def _intern_address(
    data: Any, kind: Any, at: Any, slots: Any, mask: Any, addresses: Any, seed: Any, counts: Any
) -> Any:
    """Return the number of the address at `at`."""
    is_4 = kind == ETHERTYPE_IPV4
    high = np.uint64(0) if is_4 else be64(data, at)
    low = np.uint64(be32(data, at)) if is_4 else be64(data, at + 8)
    return intern_address(slots, mask, addresses, seed, counts, high, low, np.uint64(4 if is_4 else 6))


@jit
def decode_plain_errors(
    buffer: Any,
    base: Any,
    batch: Any,
    starts: Any,
    waiting: Any,
    rows_before: Any,
    first_row: Any,
    newest: Any,
    interner: Any,
    ports: Any,
    quotes: Any,
) -> Any:
    """Decode the records that `decode_batch` left, if all of them are plain ICMP errors.

    Parameters
    ----------
    buffer, base, batch, starts, waiting, rows_before, first_row, newest, interner, ports, quotes
        As for `decode_deferred`.

    Returns
    -------
    int
        How many records are in `quotes`; `NOT_PLAIN` where nothing was written.
    """
    data, udp = unchecked(buffer), unchecked(ports)
    deferred, fields = unchecked(starts.deferred), unchecked(starts.fields)
    slots, addresses, seed = unchecked(interner.slots), unchecked(interner.addresses), unchecked(interner.seed)
    mask, counts = interner.slots.size - 1, unchecked(interner.counts)
    codes, code_list = unchecked(interner.codes), unchecked(interner.code_list)
    out = unchecked_columns(newest[0])
    for j in range(waiting):
        if _find_quote(data, batch[deferred[j]], starts.kinds[j], starts.places[j], udp)[0] == NOT_PLAIN:
            return NOT_PLAIN
    for k in range(transport.SACK):
        fields[k] = 0
    for j in range(waiting):
        record, row = batch[deferred[j]], first_row + deferred[j]
        kind, at = starts.kinds[j], starts.places[j]
        error, mtu, begin, payload, quote_end, protocol = _find_quote(data, record, kind, at, udp)
        is_4 = kind == ETHERTYPE_IPV4
        place, size = (np.int64(12), np.int64(4)) if is_4 else (np.int64(8), np.int64(16))
        src = _intern_address(data, kind, at + place, slots, mask, addresses, seed, counts)
        dst = _intern_address(data, kind, at + place + size, slots, mask, addresses, seed, counts)
        ttl, ip_id = byte(data, at + (8 if is_4 else 7)), be16(data, at + 4) if is_4 else np.int64(0)
        has = transport.HAS_IP | (transport.HAS_IP_ID if is_4 else 0)
        write_row(out, row, record, base, src, dst, ttl, ip_id, starts.vlans[j], has, fields)
        out.protocol[row] = intern_protocol(codes, code_list, counts, np.int64(ICMP if is_4 else ICMPV6))
        said = quotes[j]
        said.row, said.icmp_error, said.icmp_mtu = rows_before + row, error, mtu
        said.quoted_src_port, said.quoted_dst_port = be16(data, payload), be16(data, payload + 2)
        is_tcp = protocol == TCP
        said.quoted_seq = be32(data, payload + 4) if is_tcp else np.int64(-1)
        has_flags = is_tcp and payload + 16 <= quote_end
        said.quoted_flags = be16(data, payload + 12) & 0xFFF if has_flags else np.int64(-1)
        said.quoted_src = _intern_address(data, kind, begin + place, slots, mask, addresses, seed, counts)
        said.quoted_dst = _intern_address(data, kind, begin + place + size, slots, mask, addresses, seed, counts)
    return waiting
