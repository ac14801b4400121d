"""The experiment file as a document: write one value at one place and leave comments and layout as they stand.

A value is put into the text itself where that can be done; the text is then read again and has to hold exactly what was
wanted. Where it does not, the whole document is written anew: right, but without its comments.
"""

import json
from collections.abc import Iterator
from typing import Any

import yaml

Place = tuple[str | int, ...]
WIDTH = 120


def read_document(text: str) -> dict[str, Any] | None:
    """Return the mapping a YAML or JSON text holds; None where it holds none, or one that contains itself."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return None
    return document if isinstance(document, dict) and not _contains_itself(document, (), set()) else None


def value_at(document: Any, place: Place) -> Any:
    """Return the value at a place, None where nothing is there.

    Examples
    --------
    >>> value_at({"judge": {"scale": [0, 10]}}, ("judge", "scale", 1))
    10
    >>> value_at({"judge": None}, ("judge", "scale", 1)) is None
    True
    """
    for part in place:
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and isinstance(part, int) and part < len(document):
            document = document[part]
        else:
            return None
    return document


def with_value(text: str, place: Place, value: Any) -> str:
    r"""Return the text with a value at a place and everything else as it was.

    Examples
    --------
    >>> with_value("name: a # mine\nseed: 1\n", ("name",), "b")
    'name: b # mine\nseed: 1\n'
    >>> with_value("name: a\nseed: 1\n", ("judge", "kind"), "score")
    'name: a\njudge: {kind: score}\nseed: 1\n'
    """
    wanted = _put(read_document(text) or {}, place, value)
    return next((new for new in spliced(text, place, value) if read_document(new) == wanted), None) or dumped(wanted)


def spliced(text: str, place: Place, value: Any) -> Iterator[str]:
    """Yield texts with the value put into them where it could belong; whoever takes one has to read it again."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    node, rest = _deepest(root, place)
    if not rest and node is not None and _on_its_own(node):
        yield text[: node.start_mark.index] + _inline(value) + text[node.end_mark.index :]
    elif rest and isinstance(node, yaml.MappingNode) and node.value:
        yield _inserted(text, node, rest, value)


def _on_its_own(node: yaml.Node) -> bool:
    """Whether the text of a value ends where its mark says: a plain value, or a list or mapping in brackets."""
    return not isinstance(node, yaml.CollectionNode) or bool(node.flow_style)


def with_item(text: str, place: Place, item: Any) -> str:
    """Return the text with one more item at the end of the list at a place."""
    document = read_document(text) or {}
    items = value_at(document, place)
    wanted = _put(document, place, [*(items if isinstance(items, list) else []), item])
    return next((new for new in _appended(text, place, item) if read_document(new) == wanted), None) or dumped(wanted)


def without_item(text: str, place: Place, index: int) -> str:
    """Return the text without one item of the list at a place."""
    document = read_document(text) or {}
    items = value_at(document, place)
    kept = [item for at, item in enumerate(items if isinstance(items, list) else []) if at != index]
    wanted = _put(document, place, kept)
    return next((new for new in _cut(text, (*place, index)) if read_document(new) == wanted), None) or dumped(wanted)


def dumped(document: Any) -> str:
    """Return a document as YAML, without comments."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=WIDTH)


def _contains_itself(value: Any, above: tuple[int, ...], seen: set[int]) -> bool:
    if not isinstance(value, dict | list) or id(value) in seen:
        return id(value) in above
    if id(value) in above:
        return True
    inner = value.values() if isinstance(value, dict) else value
    found = any(_contains_itself(v, (*above, id(value)), seen) for v in inner)
    seen.add(id(value))
    return found


def _put(holder: Any, place: Place, value: Any) -> Any:
    """Return a copy of a document with one value changed; what is shared with other places stays as it was there."""
    if not place:
        return value
    part, rest = place[0], place[1:]
    if isinstance(holder, list) and isinstance(part, int) and part < len(holder):
        return [_put(held, rest, value) if at == part else held for at, held in enumerate(holder)]
    known = holder if isinstance(holder, dict) else {}
    return {**known, part: _put(known.get(part), rest, value)}


def _inline(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, str) and "\n" in value:
        return json.dumps(value, ensure_ascii=False)
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1_000_000)
    return text.removesuffix("\n").removesuffix("\n...")


def _deepest(node: Any, place: Place) -> tuple[Any, Place]:
    """Follow a place as far as the text goes; return the last node and the part of the place that is not there."""
    for at, part in enumerate(place):
        inner = _child(node, part)
        if inner is None:
            return node, place[at:]
        node = inner
    return node, ()


def _child(node: Any, part: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((v for k, v in node.value if k.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None


def _inserted(text: str, node: yaml.MappingNode, rest: Place, value: Any) -> str:
    """Put a new key before the last one of a mapping, in the mapping's own style."""
    for part in reversed(rest[1:]):
        value = {part: value}
    start = node.value[-1][0].start_mark
    line = f"{_inline(rest[0])}: {_inline(value)}"
    new = f"{line}, " if node.flow_style else f"{line}\n{' ' * start.column}"
    return text[: start.index] + new + text[start.index :]


def _appended(text: str, place: Place, item: Any) -> Iterator[str]:
    node, rest = _deepest(yaml.compose(text, Loader=yaml.SafeLoader), place)
    if not rest and isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        last = node.value[-1]
        end = len(text[: last.end_mark.index].rstrip())
        yield f"{text[:end]}\n{' ' * node.start_mark.column}- {_inline(item)}{text[end:]}"


def _cut(text: str, place: Place) -> Iterator[str]:
    """Yield the text without the lines that hold one item of a list."""
    node, rest = _deepest(yaml.compose(text, Loader=yaml.SafeLoader), place)
    if rest or node is None:
        return
    end = len(text[: node.end_mark.index].rstrip())
    before, after = text.rfind("\n", 0, node.start_mark.index) + 1, text.find("\n", end)
    yield text[:before] + (text[after + 1 :] if after >= 0 else "")
