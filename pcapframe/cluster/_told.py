"""What packets of all parts tell of connections and addresses: ICMP errors and names, with the numbers of the whole."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.cluster._decoding import Decoded
from pcapframe.cluster._frames import Frames
from pcapframe.cluster._parts import Part
from pcapframe.icmp import QUOTE, Quotes, error_name
from pcapframe.names import Named, names_of_block
from pcapframe.names.beginnings import HEARD
from pcapframe.names.dns import ANSWER
from pcapframe.names.found import ENTRY, Heard, heard_by_frame

__all__ = ["heard_of", "names_of", "quotes_of"]


def quotes_of(
    parts: Sequence[Part], frames: Sequence[Array], numbers: Sequence[Array], addresses: pd.CategoricalDtype
) -> Quotes:
    """Put the ICMP errors of all parts together.

    Parameters
    ----------
    parts : sequence of Part
        The parts of the connections.
    frames, numbers : sequence of ndarray of int
        Of each part: the frames of its packets, and the numbers of its connections.
    addresses : CategoricalDtype
        All addresses, in the order in which one machine would meet them.

    Returns
    -------
    Quotes
        In the order of frames.
    """
    kinds = sorted({kind for part in parts for kind in part.kinds})
    place = {text: at for at, text in enumerate(addresses.categories)}
    sources = sorted({text for part in parts if part.quotes for text in part.quotes.sources}, key=place.__getitem__)
    made, total = [np.zeros(0, QUOTE)], 0
    for part, own, number in zip(parts, frames, numbers, strict=True):
        if part.quotes is None:
            continue
        total += part.quotes.quoting_tcp
        errors = part.quotes.errors.copy()
        if errors.size:
            errors["frame"] = own[errors["frame"].astype(np.int64) - 1]
            errors["conn_id"] = number[errors["conn_id"]]
            errors["kind"] = np.array([kinds.index(kind) for kind in part.kinds])[errors["kind"]]
            errors["source"] = np.array([sources.index(text) for text in part.quotes.sources])[errors["source"]]
        made.append(errors)
    errors = np.concatenate(made)
    named = [error_name(*kind) for kind in kinds]
    return Quotes(errors[np.argsort(errors["frame"], kind="stable")], named, sources, total)


def heard_of(
    decoded: Sequence[Decoded], place: Frames, addresses: pd.CategoricalDtype, given: Sequence[tuple[str, str]]
) -> Heard:
    """Return what payload said in which frame of all captures.

    Parameters
    ----------
    decoded, place, addresses, given
        As for `names_of`.

    Returns
    -------
    Heard
        As it stays with packets.
    """
    names, heard = [str(name) for one in decoded for name in one.names], [np.zeros(0, HEARD)]
    first = 0
    for one in decoded:
        if one.heard is not None:
            own = one.heard.copy()
            own["row"] = place.of_rows(np.full(own.size, one.number), own["row"].astype(np.int64)) - 1
            for field in ("name", "alpn"):
                own[field] = np.where(own[field] < 0, -1, own[field] + first)
            heard.append(own)
        first += len(one.names)
    return _heard(names, np.concatenate(heard), addresses, decoded, place, given)


def names_of(
    parts: Sequence[Part],
    numbers: Sequence[Array],
    addresses: pd.CategoricalDtype,
    decoded: Sequence[Decoded],
    place: Frames,
    given: Sequence[tuple[str, str]],
) -> Named:
    """Put the names together that were heard in all parts.

    Parameters
    ----------
    parts : sequence of Part
        The parts of the connections.
    numbers : sequence of ndarray of int
        Of each part, the numbers of its connections.
    addresses : CategoricalDtype
        All addresses, in the order in which one machine would meet them.
    decoded : sequence of Decoded
        What each capture says.
    place : Frames
        The number of each packet.
    given : sequence of tuple
        Addresses with names from a file of names.

    Returns
    -------
    Named
        Of connections, and of addresses.
    """
    known = [part.named for part in parts if part.named is not None]
    texts = sorted({name for named in known for name in named.names})
    applications = sorted({name for named in known for name in named.applications})
    entries = [np.zeros(0, ENTRY)]
    for named, number in zip(known, numbers, strict=True):
        own = named.entries.copy()
        own["conn_id"] = number[own["conn_id"]]
        for field, own_texts, whole in (
            ("server_name", named.names, texts),
            ("alpn", named.names, texts),
            ("application", named.applications, applications),
        ):
            number_of = {text: at for at, text in enumerate(whole)}
            own[field] = np.array([*(number_of[text] for text in own_texts), -1], np.int32)[own[field]]
        entries.append(own)
    made = np.concatenate(entries)
    made = made[np.argsort(made["conn_id"], kind="stable")]
    return _with_answers(Named(texts, applications, made, [], np.zeros(0)), addresses, decoded, place, given)


def _with_answers(
    named: Named,
    addresses: pd.CategoricalDtype,
    decoded: Sequence[Decoded],
    place: Frames,
    given: Sequence[tuple[str, str]],
) -> Named:
    """Add the names of addresses, by what DNS answered in all captures."""
    heard = _heard(named.names, np.zeros(0, HEARD), addresses, decoded, place, given)
    return named._replace(names=heard.names, addresses=heard.addresses, answers=heard.answers)


def _heard(
    names: Sequence[str],
    entries: Array,
    addresses: pd.CategoricalDtype,
    decoded: Sequence[Decoded],
    place: Frames,
    given: Sequence[tuple[str, str]],
) -> Heard:
    """Return what was heard in rows of the whole, and what DNS answered in all captures."""
    told, texts, answers = list(given), list(names), [np.zeros(0, ANSWER)]
    for one in decoded:
        told += [pair for block in one.name_blocks for pair in names_of_block(*block)]
        if one.answers.size:
            own = one.answers.copy()
            own["row"] = place.of_rows(np.full(own.size, one.number), own["row"].astype(np.int64)) - 1
            own["name"] += len(texts)
            texts += one.names
            answers.append(own)
    whole = np.concatenate(answers)
    whole = whole[np.argsort(whole["row"], kind="stable")]
    return heard_by_frame(texts, entries, whole, None, known=addresses.categories.tolist, given=told)
