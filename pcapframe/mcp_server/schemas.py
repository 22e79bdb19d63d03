"""JSON Schema of an answer, from the TypedDict that declares it."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

__all__ = ["output_schema", "schema_of"]

DEEP = 2
NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", NoneType: "null"}


def output_schema(*answers: Any, alike: Any = None, described: bool = True) -> dict[str, Any]:
    """Return the schema of a tool's answers, which have one of these types.

    Parameters
    ----------
    *answers : TypedDict
        The types.
    alike : TypedDict, optional
        Keys that the answers of all tools have; objects in them are not described.
    described : bool, default True
        Whether these keys have their types; one tool is enough for that. Otherwise only ``required`` names them.

    Returns
    -------
    dict
        JSON Schema of type object, as MCP requires. ``required`` lists the keys that every type has; inner objects have
        no ``required``, to keep the list of tools small.

    Examples
    --------
    >>> from typing import TypedDict
    >>> class Found(TypedDict):
    ...     frames: list[int]
    >>> output_schema(Found)["properties"]["frames"]
    {'type': 'array', 'items': {'type': 'integer'}}
    """
    properties: dict[str, Any] = {}
    for answer in answers:
        for name, hint in get_type_hints(answer).items():
            is_alike = alike is not None and name in get_type_hints(alike)
            deep = 0 if is_alike else DEEP - 1
            # If the types differ in a key, the first one decides.
            properties.setdefault(name, schema_of(hint, deep=deep))
    shared = {} if alike is None or described else get_type_hints(alike)
    kept = {name: form for name, form in properties.items() if name not in shared}
    required = [name for name in properties if all(name in answer.__required_keys__ for answer in answers)]
    return {"type": "object", "properties": kept, "required": required}


def schema_of(hint: Any, *, deep: int = DEEP) -> dict[str, Any]:
    """Return the JSON Schema of a type.

    Parameters
    ----------
    hint : type
        TypedDict, list, dict by str, Literal, union, bool, int, float, str, None or Any.
    deep : int, default 2
        Levels of nested objects that are described; deeper ones are objects of any content.

    Returns
    -------
    dict
        JSON Schema.

    Examples
    --------
    >>> schema_of(dict[str, int | None])
    {'type': 'object', 'additionalProperties': {'type': ['integer', 'null']}}
    """
    if hint is Any:
        return {}
    if is_typeddict(hint):
        if not deep:
            return {"type": "object"}
        hints = get_type_hints(hint).items()
        return {"type": "object", "properties": {name: schema_of(of, deep=deep - 1) for name, of in hints}}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        items = schema_of(arguments[0], deep=deep)
        return {"type": "array", "items": items} if items else {"type": "array"}
    if hint is dict or origin is dict:
        values = schema_of(arguments[1], deep=deep) if arguments and deep else {}
        return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
    if origin in (Union, UnionType):
        forms = [schema_of(one, deep=deep) for one in arguments]
        if all(list(form) == ["type"] for form in forms):
            return {"type": [form["type"] for form in forms]}
        return {"anyOf": forms}
    return {"type": NAMES[hint]}
