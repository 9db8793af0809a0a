"""Compiles what only compiled code calls, at a third of what it costs to compile what Python calls.

Of everything that numba compiles, it makes machine code with a door from Python and one from C, and
optimises it once more wherever it is called from. What compiled code alone calls needs none of
that: it is optimised once, in what it ends up in. Nor is it compiled once more for a number that
stands in the call: numbers that stand there are numbers like others.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from numba import njit, types
from numba._dynfunc import make_function  # type: ignore[import-not-found]
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering


class _Code(JITCodeLibrary):
    """Code that waits to be linked into other code."""

    def _optimize_final_module(self) -> None:
        """Leave that to the code that it is linked into."""

    def _finalize_final_module(self) -> None:
        """Make no machine code."""
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]
class _Lowering(NativeLowering):
    """Turns a function into such code."""

    _name = "focusstack_part_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower the function, and tell those who call it where its code is."""
        codegen, name = state.targetctx.codegen(), state.func_id.func_qualname
        state.library = _Code(codegen, name)  # type: ignore[no-untyped-call]
        state.flags.no_compile = True
        super().run_pass(state)  # type: ignore[no-untyped-call]
        lowered = state.cr
        # Callers know a function by its entry from Python, even where nobody can enter.
        entry = make_function(
            lowered.fndesc.lookup_module(), state.func_id.func_name, "", 0, lowered.env, ()
        )
        state.targetctx.insert_user_function(entry, lowered.fndesc, [state.library])
        state.cr = lowered._replace(cfunc=entry)
        return True


class _Pipeline(CompilerBase):
    """The usual steps of compiling, but for the last."""

    def define_pipelines(self) -> list[PassManager]:
        """Return the steps."""
        state = self.state
        steps = DefaultPassBuilder.define_nopython_pipeline(state)  # type: ignore[no-untyped-call]
        steps.passes = [
            (_Lowering if step is NativeLowering else step, what) for step, what in steps.passes
        ]
        steps.finalize()
        return [steps]


class Part(CPUDispatcher):
    """A function that only compiled code calls; `options` are those of ``numba.njit``."""

    def __init__(self, function: Any, options: dict[str, Any]) -> None:
        self._options = options
        doorless = {"nopython": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        super().__init__(function, targetoptions=doorless | options, pipeline_class=_Pipeline)

    def __call__(self, *arguments: Any) -> Any:
        """Call it from Python, as tests do: compiled by itself, since a part has no door."""
        return self._by_itself(*arguments)

    @cached_property
    def _by_itself(self) -> Any:
        return njit(**self._options)(self.py_func)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Return what numba calls, compiled for arguments of any value."""
        general: Any = types.unliteral
        named = {name: general(kind) for name, kind in dict(kws).items()}
        return super().get_call_template(tuple(map(general, args)), named)
