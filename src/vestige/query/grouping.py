"""What events are counted by: the values of a field as SQL, for facets and lanes."""

from __future__ import annotations

from vestige.query.compile import as_text
from vestige.query.fields import Field, Type


def values_of(field: Field, place: int) -> tuple[str, dict[str, str]]:
    """The values of a field as SQL, and the names of placeholders: an array with one tuple for each value an event has.

    Each is (place, the value folded as it is compared, as it is written or empty); there is none where it has none.
    """
    value, shown, params = _value(field, f"f{place}")
    if is_several(field):
        return f"arrayMap(v -> ({int(place)}, v, ''), {value})", params
    return f"if({value} = '', [], [({int(place)}, {value}, {shown})])", params


def lane_of(field: Field, prefix: str = "") -> tuple[str, str, dict[str, str]]:
    """The value of a field as SQL: folded as it is compared, as it is written, and the names of placeholders.

    A field of several columns, and tags, give a row for each distinct value an event has there; where it has none, the
    value is empty.

    Args:
        field: of the query language.
        prefix: of the placeholders' names, where a statement has several fields.
    """
    value, shown, params = _value(field, prefix)
    return (f"arrayJoin(if(empty({value}), [''], {value}))" if is_several(field) else value), shown, params


def is_several(field: Field) -> bool:
    """Whether an event may have more than one value in a field."""
    return field.type in {Type.TAGS, Type.NUMBER, Type.SEVERITY} or len(field.columns) > 1


def _value(field: Field, prefix: str) -> tuple[str, str, dict[str, str]]:
    """The one value of a field, or the array of its values, as text; and as it is written."""
    params = {f"{prefix}path{place}": part for place, part in enumerate(field.path)}
    if field.type is Type.ATTRIBUTE:
        path = ", ".join(f"{{{name}:String}}" for name in params)
        leaf = f"JSONType(attributes, {path})"
        text = f"JSONExtractString(attributes, {path})"
        shown = f"if({leaf} = 'String', {text}, JSONExtractRaw(attributes, {path}))"
        return shown, shown, params
    if field.type in {Type.NUMBER, Type.SEVERITY}:
        wanted = "" if field.name in {"severity", "seq"} else "x -> x != 0, "
        columns = ", ".join(f"toUInt64({column})" for column in field.columns)
        many = f"arrayDistinct(arrayFilter({wanted}[{columns}]))" if wanted else f"[{columns}]"
        return f"arrayMap(x -> toString(x), {many})", "''", params
    fold = "lowerUTF8(x)" if field.type in {Type.NAME, Type.TAGS} else "x"
    if is_several(field):
        listed = "tags" if field.type is Type.TAGS else f"[{', '.join(map(as_text, field.columns))}]"
        return f"arrayDistinct(arrayMap(x -> {fold}, arrayFilter(x -> x != '', {listed})))", "''", params
    (column,) = map(as_text, field.columns)
    return fold.replace("x", column) if fold != "x" else column, column, params
