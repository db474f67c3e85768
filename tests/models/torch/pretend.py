"""A GPU that is not there: tensors that say 'cuda', compute on the CPU and refuse to be mixed.

Code runs as on a GPU, down to its branches on `is_cuda`, with the numbers of the CPU. What a GPU
would refuse (arguments on two devices, `.numpy()`) raises; what it would wait for (`.item()`,
`.cpu()`, `nonzero`, masks as indices) is counted in `waits`.
"""

import contextlib
import traceback
from collections import Counter
from pathlib import Path

import torch
import torch.distributed.tensor  # before torch.Generator is replaced, which it reads
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_iter, tree_map

import genloss

CUDA, CPU, OUTSIDE = torch.device("cuda"), torch.device("cpu"), torch.device("meta")
PACKAGE = Path(genloss.__file__).parent
WAITS = {"_local_scalar_dense", "nonzero", "equal", "masked_select", "unique_dim", "_unique2"}


class Away(torch.Tensor):
    """A tensor on the pretended GPU; `inner` holds the numbers."""

    @staticmethod
    def __new__(cls, inner, requires_grad=False):
        found = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            # A device that every build of torch has, and whose backward passes run here.
            device=OUTSIDE,
            requires_grad=requires_grad,
        )
        found.inner = inner
        return found

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        # Descriptors are new objects each time: equal, never identical.
        if func == torch.Tensor.device.__get__:
            return CUDA
        if func == torch.Tensor.is_cuda.__get__:
            return True
        if func is torch.Tensor.numpy:
            raise TypeError("can't convert a tensor on a GPU to numpy")
        if func is torch.Tensor.__setitem__ and isinstance(args[2], int | float):
            args[0][args[1]].fill_(args[2])
            return None
        return super().__torch_function__(func, types, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        name, kwargs = func.overloadpacket.__name__, dict(kwargs or {})
        _refuse_mixed(name, (args, kwargs))
        if name in WAITS or _masks(name, args):
            waits[f"{name} at {_place()}"] += 1
        home = kwargs.get("device") == CPU
        if "device" in kwargs:
            kwargs["device"] = CPU
        out = func(*tree_map(_inner, args), **tree_map(_inner, kwargs))
        if home:
            return out
        returns = func._schema.returns
        alias = returns[0].alias_info if returns else None
        if alias is not None and alias.is_write and isinstance(args[0], Away):
            return args[0]
        return tree_map(_away, out)


waits: Counter[str] = Counter()
"""How often a GPU would have been waited for, and where."""


class Pretend(TorchFunctionMode):
    """Sends to the pretended GPU what asks for 'cuda'."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.to and CUDA in (*args[1:], kwargs.get("device")):
            return _sent(*args, **kwargs)
        if func is torch.Tensor.cpu and isinstance(args[0], Away):
            waits[f"cpu at {_place()}"] += 1
            return args[0].detach().inner
        if func is torch.where and isinstance(args[0], Away):
            args = (args[0], *(_full(part) for part in args[1:]))
        if func is torch.nn.functional.scaled_dot_product_attention and isinstance(args[0], Away):
            with self:
                return _attention(*args, **kwargs)
        if func is torch.nn.functional.one_hot and isinstance(args[0], Away):
            return Away(func(args[0].inner, *args[1:], **kwargs))
        if kwargs.get("device") == CUDA:
            if any(isinstance(part, Away) for part in tree_iter((args, kwargs))):
                return func(*args, **{**kwargs, "device": OUTSIDE})
            out = func(*args, **{**kwargs, "device": CPU})
            return tree_map(lambda x: Away(x.detach(), x.requires_grad), out)
        return func(*args, **kwargs)


@contextlib.contextmanager
def pretended(monkeypatch):
    """Pretend that there is a GPU."""
    waits.clear()
    monkeypatch.setattr(torch, "Generator", Generator)
    # Views of subclasses cannot be made in inference mode.
    monkeypatch.setattr(torch, "inference_mode", torch.no_grad)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: False)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device=None: (2**30, 2**30))
    for name in ("memory_reserved", "memory_allocated", "synchronize"):
        monkeypatch.setattr(torch.cuda, name, lambda device=None: 0)
    with Pretend():
        yield waits


class Generator(torch.Generator):
    """Random numbers of the pretended GPU: those of the CPU."""

    def __new__(cls, device="cpu"):
        return super().__new__(cls, "cpu")


def _refuse_mixed(name, parts):
    for part in tree_iter(parts):
        at_home = isinstance(part, torch.Tensor) and not isinstance(part, Away)
        if at_home and part.device == CPU and (part.dim() or name in ("cat", "stack")):
            raise RuntimeError(f"{name}: expected all tensors on cuda, found {part.shape} on cpu")


def _masks(name, args):
    if name not in ("index", "index_put", "index_put_"):
        return False
    return any(index is not None and index.dtype == torch.bool for index in args[1])


def _sent(x, *args, **kwargs):
    kinds = [part for part in (*args, kwargs.get("dtype")) if isinstance(part, torch.dtype)]
    if isinstance(x, Away):
        return x.to(*kinds[:1], copy=kwargs.get("copy", False)) if kinds else x
    return Away(x.detach().to(kinds[0] if kinds else x.dtype, copy=True))


def _full(part):
    return part if isinstance(part, torch.Tensor) else Away(torch.tensor(part))


def _attention(q, k, v, is_causal=False, enable_gqa=False):
    if enable_gqa:
        k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    if is_causal:
        hidden = torch.ones(scores.shape[-2:], device=CUDA).triu(1) > 0
        scores = scores.masked_fill(hidden, -torch.inf)
    return scores.softmax(-1) @ v


def _inner(x):
    return x.inner if isinstance(x, Away) else x


def _away(x):
    return Away(x) if isinstance(x, torch.Tensor) and not isinstance(x, Away) else x


def _place():
    for frame in reversed(traceback.extract_stack()):
        if PACKAGE in Path(frame.filename).parents:
            return f"{frame.filename.rpartition('/')[2]}, line {frame.lineno}: {frame.line}"
    return "a test"
