"""Steps without allocations give the bits that the package's own calls give."""

import numpy as np
import pytest

pytest.importorskip("tep_studio.simulation.native", reason="the extra 'tep' is not installed")

from twin.matrix.tennessee_eastman.native import load
from twin.matrix.tennessee_eastman.stepping import NUDGE_H, StepMachine

STEP_H = 1.0 / 3600.0


def kernel(native):
    made = native.NativeTEPKernel()
    made.reset(seed=1_431_655_765.0, ms_flag=0x0F)
    return made


def plain_step(kernel, now):
    state, half = kernel.state, 0.5 * STEP_H
    k1 = kernel.derivatives(now + NUDGE_H, state)
    k2 = kernel.derivatives(now + half, state + half * k1)
    k3 = kernel.derivatives(now + half + NUDGE_H, state + half * k2)
    k4 = kernel.derivatives(now + STEP_H - NUDGE_H, state + STEP_H * k3)
    kernel.state = state + (STEP_H / 6.0) * (k1 + 2.0 * (k2 + k3) + k4)


def test_a_step_is_the_package_s_to_the_bit_noise_included():
    native = load()
    plain, fast = kernel(native), kernel(native)
    machine = StepMachine(native, fast)
    faults = np.zeros(28)
    faults[[7, 12]] = 1.0
    for second in range(120):
        now = second * STEP_H
        valves = plain.xmv.copy()
        valves[9] += 0.01
        plain.set_inputs(valves, faults)
        machine.give(valves, faults)
        plain_step(plain, now)
        machine.step(now, STEP_H)
        told = plain.outputs(now + STEP_H, plain.state)["measurements"].tolist()
        assert machine.measurements(now + STEP_H) == told
    assert np.array_equal(plain.state, fast.state)
    assert np.array_equal(plain.snapshot().xmv, fast.snapshot().xmv)
    assert not machine.tripped
    assert plain.snapshot().model_bytes == fast.snapshot().model_bytes
