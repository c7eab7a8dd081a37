"""The arithmetic that the demo model finds in a question. Pure."""

import ast
import re

_ASKS_TO_COMPUTE = re.compile(r"계산|\b(?:calculate|compute|evaluate)\b", re.IGNORECASE)
_ASKS_A_NUMBER = re.compile(r"얼마|몇|=|\bwhat(?:['’]s| is)\b|\bhow (?:much|many)\b", re.IGNORECASE)
_EXPRESSION = re.compile(r"[\d(.][\d\s.,()+*/×÷^%-]*[\d)]")
# Operators that dates, telephone numbers and ranges don't have.
_PLAIN_OPERATOR = re.compile(r"[+*×÷^]|\s[-/%]\s")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}")
_LONGEST_EXPRESSION = 200


def expression_in(question: str) -> str:
    """Return the arithmetic expression that a question contains, as Python; else empty."""
    for found in _EXPRESSION.findall(question):
        if len(found) > _LONGEST_EXPRESSION or not _is_to_compute(found, question):
            continue
        plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", found)
        python = " ".join(plain.translate({0xD7: "*", 0xF7: "/", ord("^"): "**"}).split())
        if _is_arithmetic(python):
            return python
    return ""


def _is_to_compute(expression: str, question: str) -> bool:
    if _DATE.fullmatch(expression):
        return False
    if _ASKS_TO_COMPUTE.search(question):
        return True
    asks = _ASKS_A_NUMBER.search(question) or question.strip(" ?.") == expression
    return bool(asks and _PLAIN_OPERATOR.search(expression))


def _is_arithmetic(python: str) -> bool:
    try:
        return isinstance(ast.parse(python, mode="eval").body, ast.BinOp)
    except (SyntaxError, RecursionError, MemoryError):
        return False
