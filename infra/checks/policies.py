"""Decides a request by policies, as IAM does: the part of its language that the templates use."""

import re
from collections.abc import Callable, Iterable, Mapping

from cloudformation import listed


def rendered(value: object, known: Mapping[str, str] = {}) -> object:
    """A value with references filled in; one that is not known stands for itself, as `DataKey.Arn`."""
    if isinstance(value, list):
        return [rendered(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return known.get(value["Ref"], value["Ref"])
    if "Fn::GetAtt" in value:
        name = ".".join(value["Fn::GetAtt"])
        return known.get(name, name)
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:.]+)\}", lambda found: known.get(found[1], found[1]), value["Fn::Sub"])
    return {key: rendered(each, known) for key, each in value.items()}


def is_allowed(
    statements: Iterable[dict], action: str, resource: str, context: Mapping[str, str] = {}, *, by_default: bool = False
) -> bool:
    """Whether a request may be done: allowed by one statement (or by another policy) and denied by none."""
    matching = [each for each in statements if applies(each, action, resource, context)]
    effects = {each["Effect"] for each in matching}
    return "Deny" not in effects and (by_default or "Allow" in effects)


def applies(statement: dict, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a statement is about a request. Principals are not looked at."""
    return (
        any(fits(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))
        and any(fits(pattern, resource) for pattern in listed(statement["Resource"]))
        and all(
            OPERATORS[operator](context.get(key), [str(each) for each in listed(wanted)])
            for operator, tests in statement.get("Condition", {}).items()
            for key, wanted in tests.items()
        )
    )


def fits(pattern: str, text: str) -> bool:
    """Whether a text is of a pattern in which `*` is anything and `?` one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


# Of a key that the request does not have, an operator is false, and one with Not is true: so says IAM's reference.
OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "Bool": lambda given, wanted: given is not None and given.lower() in [each.lower() for each in wanted],
    "Null": lambda given, wanted: str(given is None).lower() in [each.lower() for each in wanted],
    "NumericLessThan": lambda given, wanted: given is not None and any(float(given) < float(each) for each in wanted),
    "StringEquals": lambda given, wanted: given in wanted,
    "StringLike": lambda given, wanted: given is not None and any(fits(each, given) for each in wanted),
    "StringNotEquals": lambda given, wanted: given not in wanted,
    "ArnEquals": lambda given, wanted: given is not None and any(fits(each, given) for each in wanted),
    "ArnLike": lambda given, wanted: given is not None and any(fits(each, given) for each in wanted),
}
