"""What the Williams-Otto reactor offers: five control loops, the other instruments and the analyser."""

from twin.matrix.signal import Signal, announced, measured, mode, output, setpoint, tuning

COMPONENTS: tuple[str, ...] = ("A", "B", "C", "E", "G", "P")
"""Components in the order of the model's mass fractions."""

ANALYSIS_PERIOD_S = 300.0
ANALYSIS_DELAY_S = 150.0
"""The analyser takes a sample every `ANALYSIS_PERIOD_S` and reports it `ANALYSIS_DELAY_S` later."""

DISTURBANCES: tuple[str, ...] = (
    "Feed A supply pressure low",
    "Feed B supply pressure low",
    "Feed temperature low",
    "Feed temperature high",
    "Jacket heat transfer reduced",
    "Steam pressure low",
    "Feed A off specification",
    "Jacket circulation reduced",
)

_NAMES = {
    "A": "feed component A",
    "B": "feed component B",
    "C": "intermediate C",
    "E": "product E",
    "G": "waste G",
    "P": "product P",
}


def _loop(name: str, what: str, unit: str, low: float, high: float, decimals: int) -> tuple[Signal, ...]:
    return (
        measured(f"{name}.PV", what, unit, low, high, decimals),
        setpoint(f"{name}.SP", f"{what}, setpoint", unit, low, high, decimals),
        output(f"{name}.OP", f"{what}, output"),
        mode(f"{name}.MODE", f"{what}, mode"),
        *tuning(name, what),
    )


SIGNALS: tuple[Signal, ...] = (
    *_loop("FIC-101", "Flow of feed A", "kg/s", 0.0, 4.0, 3),
    *_loop("FIC-102", "Flow of feed B", "kg/s", 0.0, 10.0, 3),
    *_loop("LIC-101", "Reactor level", "percent", 0.0, 100.0, 2),
    *_loop("TIC-101", "Reactor temperature", "degC", 40.0, 120.0, 2),
    *_loop("TIC-102", "Jacket inlet temperature", "degC", 20.0, 180.0, 2),
    measured("FI-103.PV", "Product flow out of the reactor", "kg/s", 0.0, 15.0, 3),
    measured("TI-103.PV", "Feed temperature", "degC", 0.0, 100.0, 2),
    measured("TI-104.PV", "Jacket outlet temperature", "degC", 20.0, 180.0, 2),
    measured("FI-104.PV", "Jacket circulation flow", "kg/s", 0.0, 20.0, 2),
    *(
        measured(f"AI-101{component}.PV", f"Mass share of {_NAMES[component]} in the product", "percent", 0.0, high, 3)
        for component, high in zip(COMPONENTS, (50.0, 80.0, 10.0, 50.0, 30.0, 30.0), strict=True)
    ),
    *announced(DISTURBANCES),
)
