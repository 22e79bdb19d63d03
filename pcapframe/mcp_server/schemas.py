"""JSON Schema of an answer, from the TypedDict that declares it."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

__all__ = ["output_schema", "schema_of"]

DEEP = 3
NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", NoneType: "null"}


def output_schema(*answers: Any, alike: Any = None) -> dict[str, Any]:
    """Describe the answers of a tool, which are objects of one of these forms.

    Parameters
    ----------
    *answers : TypedDict
        The forms.
    alike : TypedDict, optional
        What the answers of all tools have: its objects are not described again in each.

    Returns
    -------
    dict
        JSON Schema of type object, as MCP asks; required is what every form has. Inside, every key is always there
        and none is named as required again: a client gets all schemas in every session.

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
            deep = 0 if alike is not None and name in get_type_hints(alike) else DEEP - 1
            # Where forms differ in a key, the first one tells its type.
            properties.setdefault(name, schema_of(hint, deep=deep))
    required = [name for name in properties if all(name in answer.__required_keys__ for answer in answers)]
    return {"type": "object", "properties": properties, "required": required}


def schema_of(hint: Any, *, deep: int = DEEP) -> dict[str, Any]:
    """Describe a type as JSON Schema.

    Parameters
    ----------
    hint : type
        TypedDict, list, dict by str, Literal, union, bool, int, float, str, None or Any.
    deep : int, default 3
        So many objects within each other are described, the ones within those only as objects.

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
