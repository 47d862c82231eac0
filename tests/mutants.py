"""Reference answers, changed in the ways that people go wrong; each check must fail every one of them.

Libraries for mutation tests change modules on disk and run the tests again for each change, and know nothing of axes,
missing terms or forgotten broadcasts. So the changes are made here, on the syntax tree of the answer.
"""

import ast
import copy
import inspect
import linecache
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib import checks

EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
OPERATORS = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.FloorDiv],
    ast.Pow: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.GtE],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
}
MISTAKEN_FOR = {
    "all": ["any"],
    "any": ["all"],
    "arange": ["ones"],
    "argmax": ["argmin"],
    "argmin": ["argmax"],
    "argsort": ["sort"],
    "ceil": ["floor"],
    "column_stack": ["vstack"],
    "cos": ["sin"],
    "cumsum": ["sum"],
    "exp": ["log", "expm1"],
    "eye": ["ones_like"],
    "floor": ["ceil"],
    "hstack": ["vstack"],
    "log": ["log2", "log10", "exp"],
    "max": ["min"],
    "maximum": ["minimum"],
    "mean": ["sum", "median"],
    "median": ["mean"],
    "min": ["max"],
    "minimum": ["maximum"],
    "ones": ["zeros"],
    "outer": ["multiply"],
    "prod": ["sum"],
    "repeat": ["tile"],
    "round": ["floor"],
    "sin": ["cos"],
    "sqrt": ["square", "cbrt"],
    "square": ["sqrt"],
    "std": ["var"],
    "sum": ["mean", "max"],
    "tanh": ["sinh"],
    "tile": ["repeat"],
    "tril": ["triu"],
    "triu": ["tril"],
    "var": ["std"],
    "vstack": ["column_stack"],
    "zeros": ["ones"],
}
# To exchange the arguments of these is no mistake.
COMMUTE = {"maximum", "minimum", "multiply", "add", "equal", "array_equal"}


@dataclass(frozen=True)
class Mutant:
    """A changed answer.

    Attributes:
        label: the statement as changed, or what is done to the whole function.
        function: the changed function.
    """

    label: str
    function: object


def mutants(function, calls):
    """The mutants of an answer, no two alike.

    Args:
        function: the reference answer, whose source `inspect` finds.
        calls: list of (arguments, result), calls that its check makes.
    Returns:
        list of Mutant.
    """
    (definition,) = ast.parse(inspect.getsource(function)).body
    definition.body = [node for node in definition.body if not _is_docstring(node)]
    seen, found = {ast.unparse(definition)}, []
    parameters = [argument.arg for argument in definition.args.args]
    for path, node in _nodes(definition.body):
        for new in _variants(node, parameters):
            tree, label = _replace(definition, path, new)
            code = ast.unparse(tree)
            if code not in seen:
                seen.add(code)
                found.append(Mutant(label, _compile(code, function)))
    return found + _wrapped(function, calls)


def read_equivalent():
    """The mutants that no check can tell from the answer: {exercise: {label: reason}}."""
    return tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _nodes(body):
    """Every node under these statements, with the path that leads to it."""
    queue = [((("body", i),), node) for i, node in enumerate(body)]
    for path, node in queue:
        yield path, node
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                queue.append(((*path, (name, None)), value))
            elif isinstance(value, list):
                queue += [
                    ((*path, (name, i)), part) for i, part in enumerate(value) if isinstance(part, ast.AST)
                ]


def _replace(definition, path, new):
    """A copy of the function with another node at that path, and the first line of the changed statement."""
    tree = copy.deepcopy(definition)
    node, statement = tree, new
    for name, index in path[:-1]:
        node = getattr(node, name)
        node = node if index is None else node[index]
        if isinstance(node, ast.stmt):
            statement = node
    name, index = path[-1]
    if index is None:
        setattr(node, name, new)
    else:
        getattr(node, name)[index] = new
    statement = new if isinstance(new, ast.stmt) else statement
    return tree, ast.unparse(ast.fix_missing_locations(statement)).split("\n")[0]


def _compile(code, function):
    """The function that the code defines, with the globals of the given one."""
    name = f"<mutant {hash(code)}>"
    linecache.cache[name] = len(code), None, code.splitlines(True), name  # hints show the line that raised
    names = dict(function.__globals__)
    exec(compile(code, name, "exec"), names)  # our own code
    return names[function.__name__]


def _variants(node, parameters):
    """Plausible mistakes in place of a node: new nodes, which may share parts with it."""
    kind = type(node)
    if kind in (ast.BinOp, ast.AugAssign):
        for operator in OPERATORS.get(type(node.op), ()):
            yield _with(node, op=operator())
    if kind is ast.BinOp:
        yield from _missing_term(node)
    elif kind is ast.BoolOp:
        yield _with(node, op=OPERATORS[type(node.op)][0]())
        yield from node.values
    elif kind is ast.Compare:
        for operator in OPERATORS[type(node.ops[0])]:
            yield _with(node, ops=[operator(), *node.ops[1:]])
    elif kind is ast.UnaryOp:
        yield node.operand
    elif kind is ast.Constant:
        yield from _constants(node.value)
    elif kind is ast.Name and node.id in parameters:
        for other in parameters:
            if other != node.id:
                yield ast.Name(other)
    elif kind is ast.Call:
        yield from _calls(node)
    elif kind is ast.Attribute and node.attr == "T":
        yield node.value
    elif kind is ast.Subscript:
        yield from _subscripts(node)
    elif kind in (ast.If, ast.IfExp):
        for truth in (True, False):
            yield _with(node, test=ast.Constant(truth))
    elif kind is ast.For:
        yield _with(node, body=[*node.body, ast.Break()])
        yield _with(
            node, iter=ast.Call(ast.Name("reversed"), [ast.Call(ast.Name("list"), [node.iter], [])], [])
        )
    elif kind is ast.comprehension and node.ifs:
        yield _with(node, ifs=node.ifs[1:])
    elif kind is ast.Return and isinstance(node.value, ast.Tuple):
        yield _with(node, value=ast.Tuple(node.value.elts[::-1], ast.Load()))
    elif kind is ast.Return and node.value:
        yield _with(node, value=ast.UnaryOp(ast.USub(), node.value))
    elif kind is ast.Break:
        yield ast.Pass()
    if kind is ast.AugAssign:
        yield ast.Assign([node.target], node.value, lineno=0)
        yield ast.Pass()
    if kind is ast.Expr:
        yield ast.Pass()


def _with(node, **fields):
    """A shallow copy of a node with other fields."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _missing_term(node):
    """One side of an operation alone; the sides exchanged, where that is another thing."""
    commutes = isinstance(node.op, ast.Add | ast.Mult | ast.BitAnd | ast.BitOr)
    if not isinstance(node.op, ast.MatMult):
        yield node.left
        if commutes:
            yield node.right
    if isinstance(node.op, ast.Sub):
        yield ast.UnaryOp(ast.USub(), node.right)
    if not commutes:
        yield _with(node, left=node.right, right=node.left)


def _constants(value):
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, float):
        for new in (1.0, 2 * value, value / 10):
            if new != value:
                yield ast.Constant(new)
    elif isinstance(value, str) and value:
        yield ast.Constant("")


def _calls(node):
    """Another function, a call left out, arguments exchanged or left out, another axis."""
    name = getattr(node.func, "attr", getattr(node.func, "id", None))
    of_module = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", None) in ("np", "ops")
    for other in MISTAKEN_FOR.get(name, ()):
        func = _with(
            node.func, **({"attr": other} if isinstance(node.func, ast.Attribute) else {"id": other})
        )
        yield _with(node, func=func)
    if len(node.args) == 1 and not isinstance(node.args[0], ast.GeneratorExp):
        yield node.args[0]  # np.sqrt(x), abs(x), np.exp(x)
    elif not node.args and isinstance(node.func, ast.Attribute) and not of_module:
        yield node.func.value  # x.copy(), x.mean(axis=0)
    if name == "len":
        for shift in (ast.Add(), ast.Sub()):
            yield ast.BinOp(node, shift, ast.Constant(1))
    if len(node.args) >= 2:
        first, second, *rest = node.args
        if name not in COMMUTE:
            yield _with(node, args=[second, first, *rest])
        yield _with(node, args=node.args[:-1])
    for i, keyword in enumerate(node.keywords):
        before, after = node.keywords[:i], node.keywords[i + 1 :]
        # A safeguard of ours, and a default that NumPy 2.3 has brought.
        if keyword.arg != "strict" and name != "take_along_axis":
            yield _with(node, keywords=before + after)
        if keyword.arg == "axis":
            for axis in (0, 1, -1):
                yield _with(node, keywords=[*before, ast.keyword("axis", ast.Constant(axis)), *after])


def _subscripts(node):
    """A new axis forgotten, a bound forgotten or moved by one."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if any(isinstance(part, ast.Constant) and part.value is None for part in parts):
        yield node.value
        if len(parts) == 2 and isinstance(node.slice, ast.Tuple):
            yield _with(node, slice=_with(node.slice, elts=parts[::-1]))
    for i, part in enumerate(parts):
        if isinstance(part, ast.Slice):
            for bound in ("lower", "upper"):
                if old := getattr(part, bound):
                    later = ast.BinOp(old, ast.Add(), ast.Constant(1))
                    earlier = ast.BinOp(old, ast.Sub(), ast.Constant(1))
                    for new in (None, later, earlier):
                        moved = _with(part, **{bound: new})
                        if isinstance(node.slice, ast.Tuple):
                            moved = _with(node.slice, elts=[*parts[:i], moved, *parts[i + 1 :]])
                        yield _with(node, slice=moved)


def _wrapped(function, calls):
    """What can go wrong with any answer: its arguments changed, its result of another type or shape.

    Left out is what changes nothing: numbers cannot be changed in place, whole numbers not be made whole.
    """
    changeable = {
        i for args, _ in calls for i, arg in enumerate(args) if isinstance(arg, np.ndarray | list | dict)
    }
    spoilers = [Mutant(f"argument {i} changed in place", _spoil(function, i)) for i in sorted(changeable)]
    changes = {
        "result as whole numbers": lambda result: np.asarray(result).astype(int),
        "result in float16": lambda result: np.asarray(result).astype("float16"),
        "result as text": str,
        "result in a list": lambda result: [result],
        "result flattened to one number": lambda result: np.ravel(result)[0],
        "no result": lambda result: None,
    }
    return spoilers + [
        Mutant(label, _then(function, change))
        for label, change in changes.items()
        if not all(_alike(result, change, label) for _, result in calls)
    ]


def _alike(result, change, label):
    """Whether the change leaves a result as it is."""
    if not isinstance(result, np.ndarray | np.generic | int | float):
        return label in ("result as whole numbers", "result in float16")  # of several things none is meant
    before, after = np.asarray(result), np.asarray(change(result))
    return (
        before.dtype.kind == after.dtype.kind
        and before.shape == after.shape
        and np.array_equal(before, after)
    )


def _spoil(function, i):
    def changed(*args):
        result = function(*args)
        result = copy.deepcopy(result)
        if isinstance(args[i], np.ndarray):
            args[i][...] = 1 - args[i] if args[i].dtype != bool else ~args[i]
        elif isinstance(args[i], list):
            args[i].append(0)
        elif isinstance(args[i], dict):
            args[i].clear()
        return result

    return _named(changed, function)


def _then(function, change):
    def changed(*args):
        return change(function(*args))

    return _named(changed, function)


def _named(changed, function):
    """With the signature of the answer, which the checks look at."""
    changed.__name__ = function.__name__
    changed.__signature__ = inspect.signature(function)
    return changed


def record(id, function):
    """The calls of an answer that its check makes, as (arguments, result)."""
    calls = []

    def recorder(*args):
        result = function(*args)
        calls.append(copy.deepcopy((args, result)))
        return result

    assert checks.examine(id, _named(recorder, function)).status == checks.PASSED
    return calls
