"""FMUs of a heated tank, built for the tests: one in C for FMI 2 and 3, one in Python by pythonfmu."""

from __future__ import annotations

import platform
import subprocess
import zipfile
from pathlib import Path

HERE = Path(__file__).parent

SIMULATOR_FILE = """
atlas_simulator: 1
name: heated-tank
title: Heated tank
simulator: fmu
model: {model}
{fmu}
inputs:
  - {{name: TIC-1.OP, description: Heater, unit: percent, range: [0, 100], nominal: 40, at: heater}}
outputs:
  - {{name: TI-1.PV, description: Tank, unit: degC, range: [0, 150], nominal: 50, at: T, unit_there: K}}
  - {{name: TIC-1.OP, description: Heater, unit: percent, range: [0, 100], nominal: 40, at: heater}}
parameters:
  - {{name: lag, description: Time constant, unit: min, range: [0.1, 20], nominal: 2, at: lag, unit_there: s}}
states:
  - {{name: temperature, description: Tank, unit: degC, range: [0, 150], nominal: 50, at: T, unit_there: K,
     from: TI-1.PV, start: T0}}
"""

_REALS = (
    ("heater", 'causality="input" start="40"'),
    ("T", 'causality="output" initial="calculated"'),
    ("lag", 'causality="parameter" variability="{lag}" start="100"'),
    ("T0", 'causality="parameter" variability="fixed" start="323.15"'),
)

_FMI2 = """<?xml version="1.0" encoding="UTF-8"?>
<fmiModelDescription fmiVersion="2.0" modelName="tank" guid="tank" numberOfEventIndicators="1">
  {interfaces}
  <ModelVariables>{variables}
    <ScalarVariable name="boils" valueReference="4" causality="output" variability="discrete">
      <Integer/></ScalarVariable>
    <ScalarVariable name="der(T)" valueReference="5" causality="local"><Real derivative="2"/></ScalarVariable>
  </ModelVariables>
  <ModelStructure><Derivatives><Unknown index="6"/></Derivatives></ModelStructure>
</fmiModelDescription>"""

_FMI3 = """<?xml version="1.0" encoding="UTF-8"?>
<fmiModelDescription fmiVersion="3.0" modelName="tank" instantiationToken="tank">
  {interfaces}
  <ModelVariables>{variables}
    <Int32 name="boils" valueReference="4" causality="output" variability="discrete"/>
    <Float64 name="der(T)" valueReference="5" causality="local" derivative="1"/>
    <Float64 name="boiling" valueReference="6" causality="local"/>
  </ModelVariables>
  <ModelStructure>
    <ContinuousStateDerivative valueReference="5"/>
    <EventIndicator valueReference="6"/>
  </ModelStructure>
</fmiModelDescription>"""

_PYTHON = """
from math import exp

from pythonfmu import Fmi2Causality, Fmi2Slave, Fmi2Variability, Real


class PythonTank(Fmi2Slave):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.heater, self.T, self.lag, self.T0 = 40.0, 323.15, 100.0, 323.15
        self.register_variable(Real("heater", causality=Fmi2Causality.input))
        self.register_variable(Real("T", causality=Fmi2Causality.output))
        for name, how in (("lag", Fmi2Variability.tunable), ("T0", Fmi2Variability.fixed)):
            self.register_variable(Real(name, causality=Fmi2Causality.parameter, variability=how))

    def exit_initialization_mode(self):
        self.T = self.T0

    def do_step(self, current_time, step_size):
        settles = 283.15 + self.heater
        self.T = settles + (self.T - settles) * exp(-step_size / self.lag)
        return True
"""


def c_tank(
    folder: Path, version: int, *, keeps_state: bool = True, lag: str = "tunable", variable_step: bool = True
) -> Path:
    """The tank in C; for co-simulation and model exchange both."""
    library = folder / "tank.so"
    if not library.exists():
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "tank.c"), "-lm"], check=True)
    fmu = folder / f"tank{version}{keeps_state}{lag}{variable_step}.fmu"
    with zipfile.ZipFile(fmu, "w") as archive:
        archive.writestr("modelDescription.xml", _description(version, keeps_state, lag, variable_step))
        machine = "linux64" if version == 2 else f"{platform.machine()}-linux"
        archive.write(library, f"binaries/{machine}/tank.so")
        archive.writestr("resources/nothing.txt", "")
    return fmu


def python_tank(folder: Path) -> Path:
    """The tank in Python, for FMI 2 and co-simulation."""
    from pythonfmu import FmuBuilder

    source = folder / "python_tank.py"
    source.write_text(_PYTHON)
    return Path(FmuBuilder.build_FMU(source, dest=folder, canGetAndSetFMUstate="true", canSerializeFMUstate="true"))


def simulator_file(fmu: Path, options: str = "") -> Path:
    """A simulator file beside the FMU; `options` go into its section `fmu`."""
    path = fmu.with_suffix(".yaml")
    path.write_text(SIMULATOR_FILE.format(model=fmu.name, fmu=f"fmu: {{{options}}}" if options else ""))
    return path


def _description(version: int, keeps_state: bool, lag: str, variable_step: bool) -> str:
    state = "FMUstate" if version == 2 else "FMUState"
    can = f'canGetAndSet{state}="{str(keeps_state).lower()}" canSerialize{state}="{str(keeps_state).lower()}"'
    steps = f'canHandleVariableCommunicationStepSize="{str(variable_step).lower()}"'
    interfaces = (
        f'<ModelExchange modelIdentifier="tank" needsCompletedIntegratorStep="true" {can}/>'
        f'<CoSimulation modelIdentifier="tank" {steps} {can}/>'
    )
    variables = "".join(_variable(version, name, at, how.format(lag=lag)) for at, (name, how) in enumerate(_REALS))
    return (_FMI2 if version == 2 else _FMI3).format(interfaces=interfaces, variables=variables)


def _variable(version: int, name: str, at: int, how: str) -> str:
    if version == 3:
        return f'<Float64 name="{name}" valueReference="{at}" {how}/>'
    words = how.split()
    start = next((word for word in words if word.startswith("start=")), "")
    kept = " ".join(word for word in words if word != start)
    return f'<ScalarVariable name="{name}" valueReference="{at}" {kept}><Real {start}/></ScalarVariable>'
