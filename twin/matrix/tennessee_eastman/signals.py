"""What the Tennessee Eastman plant offers: 41 measurements, 12 valves and drives, and the loops' setpoints and modes.

Meanings and base values of the measurements: Downs and Vogel, Computers & Chemical Engineering 17 (1993) 245-255.
The control strategy: Ricker, Journal of Process Control 6 (1996) 205-221. Gas flows are in cubic metres per hour at
standard conditions (the article's kscmh times 1000), pressures are gauge.

`MEASUREMENTS` and `VALVES` give each number of the article its tag, in order: `MEASUREMENTS[k]` is measurement k + 1.
"""

from twin.matrix.signal import Signal, announced, measured, mode, output, setpoint

REACTOR_FEED_PERIOD_S = 360.0
PURGE_PERIOD_S = 360.0
PRODUCT_PERIOD_S = 900.0
"""How often the three analysers report; each tells of the sample one period before."""

DISTURBANCES: tuple[str, ...] = (
    "Feed of A and C: ratio A to C changed",
    "Feed of A and C: more inert B",
    "Feed D warmer",
    "Reactor cooling water warmer",
    "Condenser cooling water warmer",
    "Feed of A and C: header pressure low",
    "Feed D temperature unsteady",
    "Feed of A and C: temperature unsteady",
    "Reactor cooling water temperature unsteady",
    "Condenser cooling water temperature unsteady",
    "Reactor cooling water valve sticking",
    "Condenser cooling water valve sticking",
)
"""Words for the disturbances offered; `model.DISTURBANCE_NUMBERS` holds their numbers in the article."""

_MASS_FLOW = "kg/h"
_GAS_FLOW = "m^3/h"

MEASUREMENTS: tuple[Signal, ...] = (
    measured("FIC-201.PV", "Flow of feed A, standard conditions", _GAS_FLOW, 0.0, 1000.0, 1),
    measured("FIC-202.PV", "Flow of feed D", _MASS_FLOW, 0.0, 5800.0, 0),
    measured("FIC-203.PV", "Flow of feed E", _MASS_FLOW, 0.0, 8300.0, 0),
    measured("FIC-204.PV", "Flow of feed A and C, standard conditions", _GAS_FLOW, 0.0, 15300.0, 0),
    measured("FI-205.PV", "Recycle flow, standard conditions", _GAS_FLOW, 0.0, 50000.0, 0),
    measured("FI-206.PV", "Reactor feed flow, standard conditions", _GAS_FLOW, 0.0, 60000.0, 0),
    measured("PIC-207.PV", "Reactor pressure, gauge", "kPa", 2000.0, 3200.0, 1),
    measured("LIC-208.PV", "Reactor level", "percent", 0.0, 120.0, 2),
    measured("TIC-209.PV", "Reactor temperature", "degC", 90.0, 180.0, 2),
    measured("FIC-210.PV", "Purge flow, standard conditions", _GAS_FLOW, 0.0, 1000.0, 1),
    measured("TIC-211.PV", "Separator temperature", "degC", 40.0, 130.0, 2),
    measured("LIC-212.PV", "Separator level", "percent", 0.0, 120.0, 2),
    measured("PI-213.PV", "Separator pressure, gauge", "kPa", 2000.0, 3200.0, 1),
    measured("FIC-214.PV", "Separator underflow", _GAS_FLOW, 0.0, 66.0, 2),
    measured("LIC-215.PV", "Stripper level", "percent", 0.0, 120.0, 2),
    measured("PI-216.PV", "Stripper pressure, gauge", "kPa", 2000.0, 3600.0, 1),
    measured("FIC-217.PV", "Product flow out of the stripper", _GAS_FLOW, 0.0, 49.0, 2),
    measured("TI-218.PV", "Stripper temperature", "degC", 30.0, 110.0, 2),
    measured("FI-219.PV", "Stripper steam flow", _MASS_FLOW, 0.0, 500.0, 1),
    measured("JI-220.PV", "Compressor power", "kW", 0.0, 600.0, 1),
    measured("TI-221.PV", "Reactor cooling water outlet temperature", "degC", 30.0, 160.0, 2),
    measured("TI-222.PV", "Condenser cooling water outlet temperature", "degC", 30.0, 150.0, 2),
    *(
        measured(f"AI-223{component}.PV", f"Mole share of {component} in the reactor feed", "percent", 0.0, high, 3)
        for component, high in zip("ABCDEF", (60.0, 30.0, 50.0, 20.0, 40.0, 10.0), strict=True)
    ),
    *(
        measured(f"AI-224{component}.PV", f"Mole share of {component} in the purge", "percent", 0.0, high, 3)
        for component, high in zip("ABCDEFGH", (60.0, 40.0, 50.0, 10.0, 40.0, 10.0, 20.0, 10.0), strict=True)
    ),
    *(
        measured(f"AI-225{component}.PV", f"Mole share of {component} in the product", "percent", 0.0, high, 3)
        for component, high in zip("DEFGH", (2.0, 5.0, 2.0, 100.0, 100.0), strict=True)
    ),
)

VALVES: tuple[Signal, ...] = (
    output("FIC-202.OP", "Feed D valve"),
    output("FIC-203.OP", "Feed E valve"),
    output("FIC-201.OP", "Feed A valve"),
    output("FIC-204.OP", "Feed A and C valve"),
    output("HC-205.OP", "Compressor recycle valve"),
    output("FIC-210.OP", "Purge valve"),
    output("FIC-214.OP", "Separator underflow valve"),
    output("FIC-217.OP", "Stripper product valve"),
    output("HC-219.OP", "Stripper steam valve"),
    output("TIC-209.OP", "Reactor cooling water valve"),
    output("TIC-211.OP", "Condenser cooling water valve"),
    output("SC-208.OP", "Reactor agitator speed"),
)

SETPOINTS: tuple[Signal, ...] = (
    setpoint("FIC-201.SP", "Flow of feed A, setpoint", _GAS_FLOW, 0.0, 1000.0, 1),
    setpoint("FIC-202.SP", "Flow of feed D, setpoint", _MASS_FLOW, 0.0, 5800.0, 0),
    setpoint("FIC-203.SP", "Flow of feed E, setpoint", _MASS_FLOW, 0.0, 8300.0, 0),
    setpoint("FIC-204.SP", "Flow of feed A and C, setpoint", _GAS_FLOW, 0.0, 15300.0, 0),
    setpoint("FIC-210.SP", "Purge flow, setpoint", _GAS_FLOW, 0.0, 1000.0, 1),
    setpoint("FIC-214.SP", "Separator underflow, setpoint", _GAS_FLOW, 0.0, 66.0, 2),
    setpoint("FIC-217.SP", "Product flow out of the stripper, setpoint", _GAS_FLOW, 0.0, 49.0, 2),
    setpoint("TIC-209.SP", "Reactor temperature, setpoint", "degC", 90.0, 180.0, 2),
    setpoint("TIC-211.SP", "Separator temperature, setpoint", "degC", 40.0, 130.0, 2),
    setpoint("PIC-207.SP", "Reactor pressure, setpoint", "kPa", 2000.0, 3200.0, 1),
    setpoint("LIC-208.SP", "Reactor level, setpoint", "percent", 0.0, 120.0, 2),
    setpoint("LIC-212.SP", "Separator level, setpoint", "percent", 0.0, 120.0, 2),
    setpoint("LIC-215.SP", "Stripper level, setpoint", "percent", 0.0, 120.0, 2),
    setpoint("FC-250.SP", "Production rate, setpoint", _GAS_FLOW, 0.0, 49.0, 2),
    setpoint("AC-225G.SP", "Mole share of G in the product, setpoint", "percent", 0.0, 100.0, 2),
    setpoint("AC-223A.SP", "Share of A in A and C of the reactor feed, setpoint", "percent", 0.0, 100.0, 2),
    setpoint("AC-223C.SP", "Mole share of A and C together in the reactor feed, setpoint", "percent", 0.0, 100.0, 2),
)

LOOPS_WITH_MODE: tuple[str, ...] = (
    "FIC-201",
    "FIC-202",
    "FIC-203",
    "FIC-204",
    "FIC-210",
    "FIC-214",
    "FIC-217",
    "TIC-209",
    "TIC-211",
)
"""Loops that move a valve; all others write setpoints of these and always run."""

SIGNALS: tuple[Signal, ...] = (
    *MEASUREMENTS,
    *VALVES,
    *SETPOINTS,
    *(mode(f"{loop}.MODE", f"{loop} mode") for loop in LOOPS_WITH_MODE),
    *announced(DISTURBANCES),
)
