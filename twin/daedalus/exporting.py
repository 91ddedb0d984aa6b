"""A trained network as an ONNX file: the same arithmetic in operators that every runtime has, with its description.

The graph carries the recurrence's state out and in, so that a long forecast can be told in pieces. Written operator by
operator, the file depends on no exporter, whose graphs change from release to release.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from twin.daedalus.learned import ENTRY, Learned

Weights = Mapping[str, NDArray[np.float32]]

_OPSET: Final = 17
_IR: Final = 8


def exported(weights: Weights, learned: Learned) -> bytes:
    """The model file's bytes.

    Parameters
    ----------
    weights
        By the names in `network.Recurrence`.
    learned
        What the file says of itself.
    """
    width = len(learned.outputs)
    begins, drives = width + len(learned.inputs), 2 * (len(learned.inputs) + len(learned.parameters))
    graph = helper.make_graph(
        _nodes(learned.hidden),
        "recurrence",
        [
            helper.make_tensor_value_info("begin", TensorProto.FLOAT, ["members", begins]),
            helper.make_tensor_value_info("drive", TensorProto.FLOAT, ["steps", "members", drives]),
            helper.make_tensor_value_info("carried", TensorProto.FLOAT, [1, "members", learned.hidden]),
            helper.make_tensor_value_info("begun", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("moved", TensorProto.FLOAT, ["steps", "members", width]),
            helper.make_tensor_value_info("carry", TensorProto.FLOAT, [1, "members", learned.hidden]),
        ],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in _constants(weights)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    model.producer_name = "atlas-live"
    helper.set_model_props(model, {ENTRY: learned.to_text()})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _constants(weights: Weights) -> Iterator[tuple[str, NDArray[np.generic]]]:
    for name in ("encode", "describe", "awake", "decode"):
        yield f"{name}.weight", weights[f"{name}.weight"].T
        yield f"{name}.bias", weights[f"{name}.bias"]
    yield "move_by", weights["move_by.weight"].T * weights["move"]
    # ONNX orders the gates update, reset, new; torch orders them reset, update, new.
    yield "recur.W", _gates(weights["recur.weight_ih_l0"])[None]
    yield "recur.R", _gates(weights["recur.weight_hh_l0"])[None]
    yield "recur.B", np.concatenate([_gates(weights[f"recur.bias_{side}_l0"]) for side in ("ih", "hh")])[None]
    for name in ("begin_middle", "begin_spread", "drive"):
        yield f"scale.{name}", weights[name]
    yield "one", np.array(1.0, dtype=np.float32)
    yield "zero", np.array(0.0, dtype=np.float32)
    yield "first_axis", np.array([0], dtype=np.int64)
    yield "second_axis", np.array([1], dtype=np.int64)
    yield "steps_of", np.array([0], dtype=np.int64)
    yield "ones", np.array([1, 1], dtype=np.int64)


def _gates(stacked: NDArray[np.float32]) -> NDArray[np.float32]:
    reset, update, new = np.split(stacked, 3)
    return np.concatenate([update, reset, new])


def _linear(name: str, given: str, into: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("MatMul", [given, f"{name}.weight"], [f"{name}.product"]),
        helper.make_node("Add", [f"{name}.product", f"{name}.bias"], [f"{name}.sum"]),
        helper.make_node("Tanh", [f"{name}.sum"], [into]),
    ]


def _decoded(given: str, into: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("MatMul", [given, "decode.weight"], [f"{into}.product"]),
        helper.make_node("Add", [f"{into}.product", "decode.bias"], [f"{into}.sum"]),
        helper.make_node("Tanh", [f"{into}.sum"], [f"{into}.bent"]),
        helper.make_node("MatMul", [f"{into}.bent", "move_by"], [into]),
    ]


def _nodes(hidden: int) -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("Sub", ["begin", "scale.begin_middle"], ["begin.centred"]),
        node("Div", ["begin.centred", "scale.begin_spread"], ["begin.scaled"]),
        *_linear("encode", "begin.scaled", "encoded"),
        *_linear("describe", "encoded", "described"),
        *_linear("awake", "described", "first"),
        node("Div", ["drive", "scale.drive"], ["drive.scaled"]),
        # The context of every member, once for each step.
        node("Shape", ["drive"], ["drive.steps"], start=0, end=1),
        node("Concat", ["drive.steps", "ones"], ["repeated"], axis=0),
        node("Unsqueeze", ["described", "first_axis"], ["described.once"]),
        node("Expand", ["described.once", "repeated"], ["described.each"]),
        node("Concat", ["drive.scaled", "described.each"], ["heard"], axis=2),
        # The state that was carried here, or at the beginning the one that the context wakes.
        node("Unsqueeze", ["first", "first_axis"], ["first.state"]),
        node("Sub", ["one", "begun"], ["beginning"]),
        node("Mul", ["first.state", "beginning"], ["first.part"]),
        node("Mul", ["carried", "begun"], ["carried.part"]),
        node("Add", ["first.part", "carried.part"], ["state"]),
        node(
            "GRU",
            ["heard", "recur.W", "recur.R", "recur.B", "", "state"],
            ["states.directed", "carry"],
            hidden_size=hidden,
            linear_before_reset=1,
        ),
        node("Squeeze", ["states.directed", "second_axis"], ["states"]),
        node("Concat", ["states", "heard"], ["features"], axis=2),
        *_decoded("features", "decoded"),
        # The same at the beginning, when nothing has driven the process yet.
        node("Gather", ["drive.scaled", "steps_of"], ["drive.first"], axis=0),
        node("Squeeze", ["drive.first", "first_axis"], ["drive.one"]),
        node("Mul", ["drive.one", "zero"], ["undriven"]),
        node("Concat", ["first", "undriven", "described"], ["features.still"], axis=1),
        *_decoded("features.still", "still"),
        node("Sub", ["decoded", "still"], ["moved"]),
    ]
