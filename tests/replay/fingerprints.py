"""The commands that each workflow may give Temporal, in order, read from its source.

`python -m tests.replay.fingerprints` prints them; with `--renew` it writes the baseline that
`test_fingerprints.py` compares them with. Calls are followed through methods and functions of the package
`workflows`, so moving code between them changes nothing, and a new, lost or reordered command does.
"""

import ast
import difflib
import importlib
import inspect
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from workflows.registry import WORKFLOWS

BASELINE = Path(__file__).with_suffix(".json")
FOLLOWED_PACKAGE = "workflows"
NAMED_ENTRY_POINTS = ("signal", "update")
ENTRY_POINTS = ("init", "run", *NAMED_ENTRY_POINTS)

Fingerprint = dict[str, dict[str, list[str]]]

ACTIVITY_CALLS = {
    f"workflow.{how}_{local}activity{form}": f"{local.replace('_', ' ')}activity"
    for how in ("execute", "start")
    for local in ("", "local_")
    for form in ("", "_class", "_method")
}
CHILD_CALLS = ("workflow.execute_child_workflow", "workflow.start_child_workflow")
TIMER_CALLS = ("workflow.sleep", "asyncio.sleep", "asyncio.wait_for", "asyncio.timeout", "asyncio.timeout_at")
TIMER_WHEN_LIMITED = ("workflow.wait_condition", "workflow.wait", "asyncio.wait")
PATCH_CALLS = ("workflow.patched", "workflow.deprecate_patch")
BARE_CALLS = ("workflow.continue_as_new", "workflow.upsert_search_attributes", "workflow.upsert_memo")
HANDLE_MAKERS = (
    "workflow.get_external_workflow_handle",
    "workflow.get_external_workflow_handle_for",
    "workflow.start_child_workflow",
)
HANDLE_COMMANDS = ("signal", "cancel")


@dataclass(frozen=True)
class Function:
    """A function of the followed package: its source, and where its names are looked up."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    module: ModuleType
    owner: type | None

    @property
    def parameters(self) -> list[str]:
        names = [argument.arg for argument in (*self.node.args.posonlyargs, *self.node.args.args)]
        return names[1:] if self.owner is not None else names


class Unknown:
    """A value that only running the code would tell."""


class Walk:
    """Walks one function in the order of evaluation and writes down a line a command, indented by block."""

    def __init__(self, function: Function, bound: dict[str, Any], callers: tuple[ast.AST, ...] = ()) -> None:
        self._function = function
        self._bound = bound
        self._callers = (*callers, function.node)
        self._handles = set(_handle_names(function.node))
        self.lines: list[str] = []
        for statement in function.node.body:
            self.visit(statement)

    # Commands -------------------------------------------------------------------------------------

    def _call(self, call: ast.Call) -> None:
        self._each(call)
        command = self._command(call)
        if command is not None:
            self.lines.append(command)
        elif (callee := self._callee(call.func)) is not None:
            self._follow(callee, call)

    def _command(self, call: ast.Call) -> str | None:
        name = ast.unparse(call.func)
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        if name in ACTIVITY_CALLS:
            return f"{ACTIVITY_CALLS[name]} {self._text(call.args[0])}"
        if name in CHILD_CALLS:
            identifier = f", id {ast.unparse(keywords['id'])}" if "id" in keywords else ""
            return f"child {self._text(call.args[0])}{identifier}"
        if name in TIMER_CALLS or (name in TIMER_WHEN_LIMITED and "timeout" in keywords):
            return f"timer ({name})"
        if name in PATCH_CALLS:
            return f"{name.partition('.')[2]} {self._text(call.args[0])}"
        if name in BARE_CALLS:
            return name.partition(".")[2]
        return self._command_to_other(call)

    def _command_to_other(self, call: ast.Call) -> str | None:
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in HANDLE_COMMANDS:
            return None
        receiver = call.func.value
        if not (_makes_handle(receiver) or (isinstance(receiver, ast.Name) and receiver.id in self._handles)):
            return None
        return f"{call.func.attr} other workflow {self._text(call.args[0]) if call.args else ''}".rstrip()

    # Calls that are followed ----------------------------------------------------------------------

    def _callee(self, func: ast.expr) -> Function | None:
        owner = self._function.owner
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "self":
            return _function_of(inspect.getattr_static(owner, func.attr, None), owner)
        return _function_of(self._value(func), None)

    def _follow(self, callee: Function, call: ast.Call) -> None:
        if callee.node in self._callers:
            self.lines.append(f"again {callee.node.name}")
            return
        given = dict(zip(callee.parameters, map(self._value, call.args), strict=False))
        given |= {keyword.arg: self._value(keyword.value) for keyword in call.keywords if keyword.arg}
        self.lines += Walk(callee, given, self._callers).lines

    # Values ---------------------------------------------------------------------------------------

    def _value(self, expression: ast.expr) -> Any:
        return _value(expression, vars(self._function.module) | self._bound)

    def _text(self, expression: ast.expr) -> str:
        return _text(expression, vars(self._function.module) | self._bound)

    # Blocks ---------------------------------------------------------------------------------------

    def visit(self, node: ast.AST) -> None:
        match node:
            case ast.Call():
                self._call(node)
            case ast.If() | ast.IfExp():
                self.visit(node.test)
                self._block("if", _listed(node.body))
                self._block("else", _listed(node.orelse))
            case ast.While():
                self._block("loop", [node.test, *node.body])
                self._block("else", node.orelse)
            case ast.For() | ast.AsyncFor():
                self.visit(node.iter)
                self._block("loop", node.body)
                self._block("else", node.orelse)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._block("loop", list(ast.iter_child_nodes(node)))
            case ast.Try():
                self._try(node)
            case ast.Match():
                self.visit(node.subject)
                for case in node.cases:
                    self._block(f"case {ast.unparse(case.pattern)}", case.body)
            case _:
                self._each(node)

    def _each(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    def _try(self, node: ast.Try) -> None:
        self._block("try", node.body)
        for handler in node.handlers:
            caught = f" {ast.unparse(handler.type)}" if handler.type else ""
            self._block(f"except{caught}", handler.body)
        self._block("else", node.orelse)
        self._block("finally", node.finalbody)

    def _block(self, title: str, nodes: Sequence[ast.AST]) -> None:
        before, self.lines = self.lines, []
        for node in nodes:
            self.visit(node)
        inside, self.lines = self.lines, before
        if inside:
            self.lines += [f"{title}:", *(f"  {line}" for line in inside)]


def _value(expression: ast.expr, names: Mapping[str, Any]) -> Any:
    match expression:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names.get(name, Unknown)
        case ast.Attribute(value=holder, attr=name):
            return getattr(_value(holder, names), name, Unknown)
    return Unknown


def _text(expression: ast.expr, names: Mapping[str, Any]) -> str:
    """What an expression says when it can be told from the source, else the expression."""
    value = _value(expression, names)
    plain = value.value if isinstance(value, Enum) else value
    return plain if isinstance(plain, str) else ast.unparse(expression)


def _listed(node: list[ast.stmt] | ast.expr) -> Sequence[ast.AST]:
    return node if isinstance(node, list) else [node]


def _makes_handle(node: ast.AST) -> bool:
    called = node.value if isinstance(node, ast.Await) else node
    return isinstance(called, ast.Call) and ast.unparse(called.func) in HANDLE_MAKERS


def _handle_names(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _makes_handle(node.value):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


@lru_cache
def _functions(module: ModuleType) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module by its qualified name."""
    found = {}
    for statement in ast.parse(inspect.getsource(module)).body:
        inner = statement.body if isinstance(statement, ast.ClassDef) else [statement]
        prefix = f"{statement.name}." if isinstance(statement, ast.ClassDef) else ""
        for node in inner:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[prefix + node.name] = node
    return found


def _function_of(value: object, owner: type | None) -> Function | None:
    if not isinstance(value, FunctionType):
        return None
    module = importlib.import_module(value.__module__)
    node = _functions(module).get(value.__qualname__)
    followed = owner is not None or value.__module__.partition(".")[0] == FOLLOWED_PACKAGE
    return Function(node, module, owner) if node is not None and followed else None


def _entry(function: Function) -> str | None:
    """What calls a method: `run`, `update pause`, `signal fire`. None for methods that Temporal never calls."""
    for decorator in function.node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        package, _, kind = ast.unparse(called).partition(".")
        if package != "workflow" or kind not in ENTRY_POINTS:
            continue
        if kind not in NAMED_ENTRY_POINTS:
            return kind
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        names = [_text(keyword.value, vars(function.module)) for keyword in keywords if keyword.arg == "name"]
        return f"{kind} {names[0] if names else function.node.name}"
    return None


def fingerprint(workflow_class: type) -> dict[str, list[str]]:
    """The commands of one workflow, by the entry point that leads to them."""
    found = {}
    for value in vars(workflow_class).values():
        function = _function_of(value, workflow_class)
        entry = _entry(function) if function is not None else None
        if function is not None and entry is not None:
            found[entry] = Walk(function, {}).lines
    return found


def fingerprints() -> Fingerprint:
    return {workflow_class.__name__: fingerprint(workflow_class) for workflow_class in WORKFLOWS}


def baseline() -> Fingerprint:
    renewed: Fingerprint = json.loads(BASELINE.read_text(encoding="utf-8"))
    return renewed


def difference(before: Fingerprint, after: Fingerprint) -> list[str]:
    """The lines that differ, as a unified diff; none when the fingerprints are equal."""
    return list(difflib.unified_diff(_printed(before), _printed(after), "baseline", "code", lineterm="", n=4))


def _printed(printed: Fingerprint) -> list[str]:
    return json.dumps(printed, indent=2).splitlines()


if __name__ == "__main__":
    text = "\n".join(_printed(fingerprints())) + "\n"
    if sys.argv[1:] == ["--renew"]:
        BASELINE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
