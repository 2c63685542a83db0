# ===- operands.py - What formulas take and give ---------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# A formula takes a plan's `Job` and gives an `Expected`. Values are float64, or
# long double where an input is F64, so that the oracle's own error never counts.
#
# ===----------------------------------------------------------------------===#

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Expected:
    value: np.ndarray  # The formula's value, unrounded.
    terms: np.ndarray  # Sum of the magnitudes of what is added up.
    models: int
    wide: bool = False  # Computed in float64 rather than in float32.
    reduced: bool = False  # A float64 sum over the tensor is a factor in it.
    # Where a decision hangs on the last bits of a reduction, either outcome is
    # right: (where, value, terms) of the other one.
    alternatives: list = field(default_factory=list)
    # The bytes are to be those of this tensor.
    copy: object = None
    # One rounding, with nothing computed before it.
    conversion: bool = False


class Operands:
    def __init__(self, job):
        self.job = job
        everything = [i.tensor for i in job.all_inputs()]
        self.wide = any(t.dtype == "F64" for t in everything)
        self.real = np.longdouble if self.wide else np.float64
        self.x = [i.tensor.float64().astype(self.real) for i in job.inputs]
        self.b = job.base.tensor.float64().astype(self.real) if job.base else None
        self.count = len(self.x)
        self.shape = everything[0].shape
        self.reduced = False

    def each(self, parameter, default=None):
        """A per-model parameter as a list of floats."""
        values = [i.parameters(parameter) for i in self.job.inputs]
        values = [default if v is None else v for v in values]
        assert None not in values, f"{self.job.name}: no `{parameter}`"
        return [float(v) for v in values]

    def number(self, parameter, default=None):
        value = self.job.parameters(parameter)
        value = default if value is None else value
        assert value is not None, f"{self.job.name}: no `{parameter}`"
        return float(value)

    def flag(self, parameter, default):
        return bool(self.number(parameter, default))

    def word(self, parameter, default):
        value = self.job.parameters(parameter)
        return default if value is None else value

    def deltas(self):
        """The task vectors to the bit: rounded to float32, or to float64 where an
        input is F64. As arrays of `real`."""
        base = self.job.base.tensor
        if self.wide:
            return [(i.tensor.float64() - base.float64()).astype(self.real)
                    for i in self.job.inputs]
        return [(i.tensor.float32() - base.float32()).astype(self.real)
                for i in self.job.inputs]

    def expected(self, value, terms, **more):
        return Expected(value, np.asarray(terms, np.float64), self.count,
                        self.wide, self.reduced, **more)

    def combination(self, coefficients, vectors, **more):
        """The sum of coefficient times vector; coefficients may be arrays."""
        products = [c * v for c, v in zip(coefficients, vectors)]
        return self.expected(sum(products), sum(abs(p) for p in products), **more)


def dot(a, b):
    return np.sum(a * b, dtype=np.longdouble if a.dtype == np.longdouble
                  else np.float64)


def norm(a):
    return np.sqrt(dot(a, a))
